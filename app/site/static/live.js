// Keeps a page's data as it is now: its query, subscribed to over the layer's socket. What cannot be had over a socket
// is no error here: the page has its answer already, and says that it is not live.

const CLIENT = '/graphql/client.js';
const SOCKET = '/graphql/assets/socket.io.js';
const NAMESPACE = '/graphql';

const WORDS = {
  connecting: 'Connecting',
  live: 'Live',
  reconnecting: 'Reconnecting',
  offline: 'Offline',
  off: 'Not live',
};

// Connect, and tell `hears` what happens: `status(name, words)`, `data(data, errors)`, `present(people)`,
// `happened(operation, data)`, `missed()`, `gone()` and `signedOut()`. Gives `follow(variables)`, which keeps the page
// by these variables from then on, instead of by those before, and `stop()`. `isOffered` is whether the site has sockets.
export async function goLive({ page, isOffered, presence, events = {} }, hears) {
  const status = (name) => hears.status(name, WORDS[name]);
  if (isOffered) status('connecting');
  const modules = isOffered && await Promise.all([import(SOCKET), import(CLIENT)]).catch(() => null);
  if (!modules) {
    status('off');
    return { follow() {}, stop() {} };
  }
  const [{ io }, { createClient }] = modules;
  const socket = io(NAMESPACE, { transports: ['websocket'], autoConnect: false });
  const client = createClient(socket);
  let isOver = false;
  const interrupted = () => {
    if (!isOver) status(navigator.onLine ? 'reconnecting' : 'offline');
  };
  client.on('connected', () => status('live'));
  client.on('closed', interrupted);
  client.on('error', interrupted);
  // A socket notices a cut only when it misses a heartbeat; the browser knows at once.
  addEventListener('offline', () => client.terminate());
  addEventListener('online', () => client.terminate());
  // A browser keeps the page that was left, and its socket with it: nobody is there any more. On the way back it goes on.
  addEventListener('pagehide', () => socket.disconnect());
  addEventListener('pageshow', ({ persisted }) => {
    if (persisted && !isOver) socket.connect();
  });

  const end = (ended) => {
    isOver = true;
    status('off');
    if (ended?.code === 'GONE' || ended?.code === 'FORBIDDEN') hears.gone();
    else if (ended?.code === 'UNAUTHENTICATED' || ended?.code === 'TOKEN_EXPIRED') hears.signedOut();
  };
  const fail = (error) => {
    const codes = Array.isArray(error) ? error.map((it) => it.extensions?.code) : [error?.data?.code];
    end({ code: codes.find((it) => it === 'UNAUTHENTICATED') });
  };

  // The lesser ones may end for themselves; the page does not depend on them.
  const quietly = { error() {}, complete() {} };
  for (const [operation, variables] of Object.entries(events)) {
    client.subscribe({ documentId: operation, variables }, {
      ...quietly,
      next: ({ data }) => data && hears.happened(operation, Object.values(data)[0]),
      gap: () => hears.missed(),
    });
  }
  if (presence) {
    client.subscribe({ documentId: 'Presence', variables: presence }, {
      ...quietly,
      next: ({ data }) => data && hears.present(Object.values(data)[0]),
    });
  }

  let unfollow = () => {};
  return {
    follow(variables) {
      unfollow();
      unfollow = client.subscribe({ documentId: `${page}Page`, variables }, {
        // What the client gave is the client's; the page changes its own.
        next: ({ data, errors }) => hears.data(structuredClone(data ?? null), errors ?? []),
        error: fail,
        complete: (ended) => ended && end(ended),
      });
    },
    stop() {
      isOver = true;
      client.dispose();
      status('off');
    },
  };
}
