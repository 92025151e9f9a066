/**
 * The client of the live protocol, version 1 (see PROTOCOL.md): keeps GraphQL operations answered over a socket of socket.io-client.
 *
 *     import { createClient } from '/graphql/client.js';
 *
 *     const client = createClient(io('/graphql', { transports: ['websocket'] }));
 *     const dispose = client.subscribe({ documentId: 'MatterPage', variables: { id: '1' } }, { next, error, complete });
 *
 * It has the shape of graphql-ws's client, so whatever takes that one takes this one. One ES module; it needs no build, and no
 * package but the one that the socket is of. What the results share with those before is the same object in both; nobody may
 * change what was given.
 */

/**
 * @typedef {import('./client.d.ts').Client} Client
 * @typedef {import('./client.d.ts').ClientOptions} ClientOptions
 * @typedef {import('./client.d.ts').LiveSocket} LiveSocket
 * @typedef {import('./client.d.ts').Operation} JsonPatchOperation
 * @typedef {import('./client.d.ts').Result} Result
 * @typedef {import('./client.d.ts').Sink} Sink
 * @typedef {import('./client.d.ts').SubscribePayload} SubscribePayload
 * @typedef {{ kind: string, version?: number, payload?: Result, position?: string, subscriptions: Set<Subscription> }} Channel
 */

// Of the server's state, not of what was asked: the same is asked again, also where it never stood.
const BUSY = new Set(['OVERLOADED', 'RATE_LIMITED']);
// What stood before is not ended by these, which may be other by the next time.
const PASSING = new Set([...BUSY, 'INTERNAL', 'DEADLINE_EXCEEDED', 'SLOW_CONSUMER']);
const NEEDS_SIGN_IN = new Set(['UNAUTHENTICATED', 'TOKEN_EXPIRED', 'FORBIDDEN']);
// In answer to a `subscribe` with a position: it may be the position that is refused, not what was asked.
const POSITION_REFUSED = new Set(['FORBIDDEN', 'BAD_REQUEST']);

/** @type {WeakSet<LiveSocket>} */
const taken = new WeakSet();

/**
 * A client on `socket`, which is its own from now on: no other client may use it, and `dispose` disconnects it. One that is not
 * connected yet (`autoConnect: false`) connects with the first subscription.
 *
 * @param {LiveSocket} socket
 * @param {ClientOptions} [options]
 * @returns {Client}
 */
export function createClient(socket, options = {}) {
  if (taken.has(socket)) throw new Error('this socket has a client already; share that one');
  taken.add(socket);
  const session = new Session(socket, options);
  // Not the session itself: these may be handed on without it, as those of graphql-ws.
  return {
    subscribe: (payload, /** @type {any} */ sink) => session.subscribe(payload, sink),
    iterate: (payload) => /** @type {AsyncIterableIterator<any>} */ (iterate(session, payload)),
    on: (/** @type {string} */ event, /** @type {(...details: any[]) => void} */ listener) => session.listen(event, listener),
    terminate: () => session.reconnect(),
    dispose: () => session.dispose(),
  };
}

/** What was asked for, however often it has to be asked again. */
class Subscription {
  /**
   * @param {SubscribePayload} payload
   * @param {Sink} sink
   */
  constructor(payload, sink) {
    const { query, documentId, operationName, variables, extensions } = payload;
    // As text and back: it is sent again after each reconnect, whatever the caller has done with his variables by then.
    /** @type {SubscribePayload} */
    this.payload = JSON.parse(JSON.stringify({ query, documentId, operationName, variables, extensions }));
    this.sink = sink;
    this.isOver = false;

    // On this connection:
    /** @type {string | undefined} */
    this.id = undefined;
    /** @type {Channel | undefined} */
    this.channel = undefined;
    /** @type {number | undefined} The version of the channel's state that the sink has. */
    this.version = undefined;

    // Whatever connection:
    /** @type {string | undefined} That of what the sink has. */
    this.position = undefined;
    /** @type {Result | undefined} The state that the sink has. */
    this.state = undefined;
    /** @type {Set<string>} Events that came, the oldest first. */
    this.seen = new Set();
    this.isCut = false;

    // Of asking again:
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    this.attempts = 0;
    /** @type {number | undefined} When it began to stand, in milliseconds. */
    this.since = undefined;
    this.isAnew = false;
    this.isRenewed = false;
  }
}

class Session {
  /**
   * @param {LiveSocket} socket
   * @param {ClientOptions} options
   */
  constructor(socket, { mode = 'patch', minDelay = 1_000, maxDelay = 30_000, remembered = 1_000, random = Math.random }) {
    this.socket = socket;
    this.mode = mode;
    this.minDelay = minDelay;
    this.maxDelay = maxDelay;
    this.remembered = remembered;
    this.random = random;
    /** @type {Set<Subscription>} */
    this.subscriptions = new Set();
    /** @type {Map<string, Subscription>} By the id under which they were asked on this connection. */
    this.asked = new Map();
    /** @type {Map<number, Channel>} */
    this.channels = new Map();
    /** @type {Map<string, Set<(...details: any[]) => void>>} */
    this.listeners = new Map();
    this.lastId = 0;
    this.connections = 0;
    this.attempts = 0;
    /** @type {number | undefined} */
    this.since = undefined;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    this.isStranded = false;
    this.isDisposed = false;
    /** @type {[string, (...details: any[]) => void][]} */
    this.handlers = [
      ['connect', () => this.onConnect()],
      ['connect_error', (error) => this.onConnectError(error)],
      ['disconnect', (reason) => this.onDisconnect(reason)],
      ['subscribed', (message) => this.onSubscribed(message)],
      ['next', (message) => this.onNext(message)],
      ['position', (message) => this.onPosition(message)],
      ['gap', (message) => this.onGap(message)],
      ['error', (message) => this.onError(message)],
      ['complete', (message) => this.onComplete(message)],
      ['move', ({ within }) => this.reconnectIn(this.random() * within)],
    ];
    for (const [event, handler] of this.handlers) socket.on(event, handler);
    this.onReconnectFailed = () => {
      this.isStranded = true;
      // Not at once: until it has told everybody, socket.io-client does not connect for a sink that asks again.
      queueMicrotask(() => this.failAll(new Error('the server cannot be reached')));
    };
    socket.io?.on('reconnect_failed', this.onReconnectFailed);
    // Lost before there was anybody to hear of it.
    if (socket.active && !this.isRetrying && socket.io?.engine?.readyState === 'closed') this.reconnectIn(this.delay(this.attempts++));
  }

  // ---- for the caller

  /**
   * @param {SubscribePayload} payload
   * @param {Sink} sink
   * @returns {() => void}
   */
  subscribe(payload, sink) {
    const subscription = new Subscription(payload, sink);
    if (this.isDisposed) {
      queueMicrotask(() => sink.error(new Error('the client is disposed')));
      return () => {};
    }
    this.subscriptions.add(subscription);
    if (this.socket.connected) this.ask(subscription);
    else if (this.timer === undefined && (!this.socket.active || this.isStranded)) {
      this.isStranded = false;
      this.socket.connect();
    }
    return () => {
      if (subscription.isOver) return;
      const { id } = subscription;
      this.finish(subscription);
      if (id !== undefined) this.socket.emit('complete', { id });
      // As graphql-ws does, and not before the caller has what this function returns.
      queueMicrotask(() => sink.complete());
    };
  }

  /**
   * @param {string} event
   * @param {(...details: any[]) => void} listener
   * @returns {() => void}
   */
  listen(event, listener) {
    const listeners = this.listeners.get(event) ?? new Set();
    this.listeners.set(event, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  dispose() {
    if (this.isDisposed) return;
    this.isDisposed = true;
    this.stayPut();
    for (const [event, handler] of this.handlers) this.socket.off(event, handler);
    this.socket.io?.off('reconnect_failed', this.onReconnectFailed);
    this.socket.disconnect();
    taken.delete(this.socket);
    for (const subscription of this.subscriptions) this.complete(subscription);
    this.tell('closed', { reason: 'disposed' });
    this.listeners.clear();
  }

  // ---- the connection

  onConnect() {
    this.stayPut();
    this.isStranded = false;
    this.since = Date.now();
    this.connections += 1;
    this.tell('connected', this.socket, undefined, this.connections > 1);
    // What waits out a delay of its own is asked when that is over.
    for (const subscription of this.subscriptions) if (subscription.timer === undefined) this.ask(subscription);
  }

  /** @param {Error & { data?: { code?: string } }} error */
  onConnectError(error) {
    this.stayPut();
    this.tell('error', error);
    // It could not be reached.
    if (this.isDisposed || (this.socket.active && this.isRetrying)) return;
    const code = error.data?.code;
    if (code === 'UNAUTHENTICATED' || code === 'FORBIDDEN') this.failAll([{ message: error.message, extensions: { code } }]);
    else this.reconnectIn(this.delay(this.attempts++));
  }

  /** @param {string} reason */
  onDisconnect(reason) {
    this.asked.clear();
    this.channels.clear();
    for (const subscription of this.subscriptions) {
      subscription.id = subscription.channel = subscription.version = undefined;
    }
    // What was for this connection must not be sent on the next one.
    this.socket.sendBuffer = [];
    if (hasSettled(this.since, this.maxDelay)) this.attempts = 0;
    this.since = undefined;
    this.stayPut();
    this.tell('closed', { reason });
    // The host knows when to connect. After the server's wish, which may be a wish for less load, socket.io-client never connects.
    if (reason === 'io client disconnect' || this.isDisposed) return;
    if (reason === 'io server disconnect' || !this.isRetrying) this.reconnectIn(this.delay(this.attempts++));
  }

  /** Whether socket.io-client connects again by itself where a connection was lost or could not be had. */
  get isRetrying() {
    return this.socket.io?.reconnection() !== false;
  }

  /** @param {number} milliseconds */
  reconnectIn(milliseconds) {
    const { active } = this.socket;
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      // Else the host has connected or disconnected it meanwhile.
      if (this.socket.active === active) this.reconnect();
    }, milliseconds);
  }

  /** Give up any intention to reconnect: it was about a socket that was in another state. */
  stayPut() {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  reconnect() {
    if (this.isDisposed) return;
    this.stayPut();
    // Also where it is about to connect: socket.io-client would go on waiting.
    if (this.socket.active) this.socket.disconnect();
    this.socket.connect();
  }

  /**
   * Exponential, with full jitter: clients that were cut off together do not come back together.
   *
   * @param {number} attempts
   */
  delay(attempts) {
    return this.random() * Math.min(this.maxDelay, this.minDelay * 2 ** attempts);
  }

  // ---- subscriptions

  /** @param {Subscription} subscription */
  ask(subscription) {
    // Never the same id twice, so that what is on its way for an earlier one is not taken for this one's.
    const id = (subscription.id = String(++this.lastId));
    this.asked.set(id, subscription);
    const { payload, position } = subscription;
    this.socket.emit('subscribe', { id, payload, mode: this.mode, ...(position !== undefined && { resume: position }) });
  }

  /** @param {Subscription} subscription */
  askLater(subscription) {
    this.detach(subscription);
    subscription.timer = setTimeout(() => {
      subscription.timer = undefined;
      // Else it is asked when there is a connection.
      if (this.socket.connected) this.ask(subscription);
    }, this.delay(subscription.attempts++));
  }

  /** From now on, whatever was before. @param {Subscription} subscription */
  askAnew(subscription) {
    subscription.isAnew = true;
    subscription.position = undefined;
    subscription.seen.clear();
    this.askLater(subscription);
    this.tellGap(subscription);
  }

  /** @param {{ id: string, channel: number, kind: string, recovered?: boolean | null, version?: number, position: string }} message */
  onSubscribed({ id, channel: number, kind, recovered, version, position }) {
    const subscription = this.asked.get(id);
    if (subscription === undefined) return;
    const channel = this.channels.get(number) ?? { kind, subscriptions: new Set() };
    this.channels.set(number, channel);
    channel.subscriptions.add(subscription);
    subscription.channel = channel;
    subscription.since = Date.now();
    if (recovered === false) this.tellGap(subscription);
    if (subscription.isOver) return;
    if (kind === 'event') subscription.position = position;
    else if (version !== undefined) {
      subscription.version = version;
      subscription.position = position;
      if (channel.version === undefined || channel.version < version) {
        Object.assign(channel, { version, position, payload: subscription.state });
      }
      this.giveState(channel);
    }
  }

  /** @param {{ channel: number, id?: string, event?: string, version?: number, payload?: Result, patch?: JsonPatchOperation[], position: string }} message */
  onNext(message) {
    const channel = this.channels.get(message.channel);
    if (channel === undefined) return;
    if (message.event !== undefined) this.takeEvent(channel, message);
    else if (message.patch !== undefined) this.takePatch(channel, message);
    else this.takeState(channel, message);
  }

  /**
   * @param {Channel} channel
   * @param {{ id?: string, event?: string, payload?: any, position: string }} message
   */
  takeEvent(channel, { id, event = '', payload, position }) {
    for (const subscription of [...channel.subscriptions]) {
      const { seen } = subscription;
      if ((id !== undefined && id !== subscription.id) || seen.has(event)) continue;
      seen.add(event);
      if (seen.size > this.remembered) for (const oldest of seen) { seen.delete(oldest); break; }
      subscription.position = position;
      this.give(subscription, payload);
    }
  }

  /**
   * @param {Channel} channel
   * @param {{ version?: any, patch?: any, position: string }} message
   */
  takePatch(channel, { version, patch, position }) {
    // Without a state, one is on its way; and what it has needs no patch.
    if (channel.version === undefined || version <= channel.version) return;
    let payload;
    try {
      if (version !== channel.version + 1) throw new Error(`a patch for version ${version - 1}, here is ${channel.version}`);
      payload = applyPatch(channel.payload, patch);
    } catch (error) {
      this.tell('error', error);
      for (const subscription of [...channel.subscriptions]) {
        const { id } = subscription;
        // Without a position: what the sink has may not be what the server takes it for.
        subscription.position = undefined;
        this.settle(subscription);
        this.askLater(subscription);
        this.socket.emit('complete', { id });
      }
      return;
    }
    Object.assign(channel, { version, position, payload });
    this.giveState(channel);
  }

  /**
   * @param {Channel} channel
   * @param {{ version?: any, payload?: any, position: string }} message
   */
  takeState(channel, { version, payload, position }) {
    if (channel.version === undefined || version > channel.version) {
      let previous = channel.payload;
      for (const subscription of channel.subscriptions) previous ??= subscription.state;
      Object.assign(channel, { version, position, payload: keepIdentity(previous, payload) });
    }
    this.giveState(channel);
  }

  /** The channel's state to whoever has it not yet. @param {Channel} channel */
  giveState(channel) {
    const { version, position, payload } = channel;
    for (const subscription of [...channel.subscriptions]) {
      if (subscription.version === version) continue;
      const isKnown = subscription.state !== undefined && subscription.state === payload;
      Object.assign(subscription, { version, position, state: payload });
      if (!isKnown || subscription.isCut) this.give(subscription, /** @type {Result} */ (payload));
    }
  }

  /**
   * @param {Subscription} subscription
   * @param {Result} payload
   */
  give(subscription, payload) {
    if (subscription.isOver) return;
    const result = subscription.isCut ? { ...payload, extensions: { ...payload.extensions, recovered: false } } : payload;
    subscription.isCut = false;
    safely(() => subscription.sink.next(result));
  }

  /** @param {{ channel: number, position: string }} message */
  onPosition({ channel: number, position }) {
    const channel = this.channels.get(number);
    if (channel === undefined) return;
    if (channel.version !== undefined) channel.position = position;
    for (const subscription of channel.subscriptions) {
      // The position of a state that is still on its way must not be taken for that of the one before.
      if (channel.kind === 'event' || subscription.version !== undefined) subscription.position = position;
    }
  }

  /** @param {{ channel: number, position: string }} message */
  onGap({ channel: number, position }) {
    for (const subscription of [...(this.channels.get(number)?.subscriptions ?? [])]) {
      subscription.position = position;
      this.tellGap(subscription);
    }
  }

  /** @param {Subscription} subscription */
  tellGap(subscription) {
    subscription.isCut = true;
    safely(() => subscription.sink.gap?.());
    this.tell('gap', { payload: subscription.payload });
  }

  /** @param {{ id: string, payload: import('./client.d.ts').FormattedError[] }} message */
  onError({ id, payload }) {
    const subscription = this.asked.get(id);
    if (subscription === undefined) return;
    this.settle(subscription);
    const code = String(payload[0]?.extensions?.code);
    const { position, since, isAnew } = subscription;
    if (position !== undefined && POSITION_REFUSED.has(code) && !isAnew) this.askAnew(subscription);
    else if (BUSY.has(code) || (PASSING.has(code) && since !== undefined)) this.askLater(subscription);
    else this.fail(subscription, payload);
  }

  /** @param {{ id: string, code?: string, message?: string, resume?: string }} message */
  onComplete({ id, code, message = '', resume }) {
    const subscription = this.asked.get(id);
    if (subscription === undefined) return;
    this.settle(subscription);
    const refused = [{ message, extensions: { code } }];
    if (code === undefined || code === 'GONE') this.complete(subscription, code && { code, message });
    else if (code === 'TOKEN_EXPIRED' && typeof this.socket.auth === 'function' && !subscription.isRenewed) {
      // The function gives another token for the next connection.
      subscription.isRenewed = true;
      this.detach(subscription);
      this.reconnectIn(this.delay(this.attempts++));
    } else if (code === 'FORBIDDEN' && !subscription.isAnew) this.askAnew(subscription);
    else if (PASSING.has(code) || (resume !== undefined && !NEEDS_SIGN_IN.has(code))) this.askLater(subscription);
    else this.fail(subscription, refused);
  }

  /** Forget the attempts that led to a subscription which then stood for long. @param {Subscription} subscription */
  settle(subscription) {
    if (!hasSettled(subscription.since, this.maxDelay)) return;
    subscription.attempts = 0;
    subscription.isAnew = subscription.isRenewed = false;
  }

  /** @param {Subscription} subscription */
  detach(subscription) {
    const { id, channel } = subscription;
    if (id !== undefined) this.asked.delete(id);
    channel?.subscriptions.delete(subscription);
    if (channel?.subscriptions.size === 0) {
      for (const [number, it] of this.channels) if (it === channel) this.channels.delete(number);
    }
    subscription.id = subscription.channel = subscription.version = undefined;
  }

  /** @param {Subscription} subscription */
  finish(subscription) {
    subscription.isOver = true;
    clearTimeout(subscription.timer);
    this.detach(subscription);
    this.subscriptions.delete(subscription);
  }

  /**
   * @param {Subscription} subscription
   * @param {unknown} error
   */
  fail(subscription, error) {
    this.finish(subscription);
    safely(() => subscription.sink.error(error));
  }

  /** @param {unknown} error */
  failAll(error) {
    for (const subscription of [...this.subscriptions]) {
      // The sink of one may have ended another.
      if (!subscription.isOver) this.fail(subscription, error);
    }
  }

  /**
   * @param {Subscription} subscription
   * @param {import('./client.d.ts').Ended | '' | undefined} [ended]
   */
  complete(subscription, ended) {
    this.finish(subscription);
    safely(() => subscription.sink.complete(ended || undefined));
  }

  /**
   * @param {string} event
   * @param {unknown[]} details
   */
  tell(event, ...details) {
    for (const listener of [...(this.listeners.get(event) ?? [])]) safely(() => listener(...details));
  }
}

/**
 * As graphql-ws's: the end of the iteration is the end of the subscription, and an error is thrown. Not a generator, whose `return`
 * would wait for the result that a `next` waits for.
 *
 * @param {Session} session
 * @param {SubscribePayload} payload
 * @returns {AsyncIterableIterator<Result>}
 */
function iterate(session, payload) {
  /** @type {Result[]} */
  const results = [];
  /** @type {{ resolve: (step: IteratorResult<Result>) => void, reject: (error: unknown) => void }[]} */
  const waiting = [];
  /** @type {{ error: unknown } | undefined} */
  let failure;
  let isOver = false;

  const serve = () => {
    for (let first; (first = waiting[0]) !== undefined; waiting.shift()) {
      if (results.length > 0) first.resolve({ value: /** @type {Result} */ (results.shift()), done: false });
      else if (failure !== undefined) {
        first.reject(failure.error);
        failure = undefined;
      } else if (isOver) first.resolve({ value: undefined, done: true });
      else return;
    }
  };
  const end = () => { isOver = true; serve(); };
  const dispose = session.subscribe(payload, {
    next: (result) => { results.push(result); serve(); },
    error: (error) => { failure = { error }; end(); },
    complete: end,
  });
  const stop = () => {
    results.length = 0;
    failure = undefined;
    end();
    dispose();
  };
  return {
    next: () => new Promise((resolve, reject) => { waiting.push({ resolve, reject }); serve(); }),
    return: async (value) => { stop(); return { value: await value, done: true }; },
    throw: async (error) => { stop(); throw error; },
    [Symbol.asyncIterator]() { return this; },
  };
}

/**
 * What the caller's functions throw is his, and is reported as any error that nobody catches; the others are told all the same.
 *
 * @param {() => void} call
 */
function safely(call) {
  try {
    call();
  } catch (error) {
    queueMicrotask(() => { throw error; });
  }
}

/**
 * @param {number | undefined} since
 * @param {number} long
 */
function hasSettled(since, long) {
  return since !== undefined && Date.now() - since > long;
}

/**
 * `next`, but for those parts that equal `previous`, which are the same objects.
 *
 * @param {any} previous
 * @param {any} next
 * @returns {any}
 */
export function keepIdentity(previous, next) {
  if (!isContainer(previous) || !isContainer(next) || Array.isArray(previous) !== Array.isArray(next)) return next;
  const kept = Array.isArray(next) ? [] : {};
  const keys = Object.keys(next);
  let isSame = keys.length === Object.keys(previous).length;
  for (const key of keys) {
    const isThere = Object.hasOwn(previous, key);
    const value = isThere ? keepIdentity(previous[key], next[key]) : next[key];
    isSame &&= isThere && value === previous[key];
    setMember(kept, key, value);
  }
  return isSame ? previous : kept;
}

/**
 * The document that a JSON Patch (RFC 6902) makes of another one, which stays as it is; both share what the patch does not touch.
 * Throws where the patch does not fit.
 *
 * @param {any} document
 * @param {readonly JsonPatchOperation[]} patch
 * @returns {any}
 */
export function applyPatch(document, patch) {
  const holder = { document };
  // The containers that this patch made, and that nobody else has: these alone are changed in place.
  /** @type {Set<object>} */
  let own = new Set([holder]);

  /** @param {string[]} tokens */
  const find = (tokens) => tokens.reduce((container, token) => container[existing(container, token)], /** @type {any} */ (holder));

  // Where the last token of a path belongs, of this patch's own making all the way down.
  /** @param {string[]} tokens */
  const ownContainer = (tokens) =>
    tokens.slice(0, -1).reduce((container, token) => {
      const key = existing(container, token);
      let child = container[key];
      if (!own.has(child)) {
        if (!isContainer(child)) throw new Error(`nothing is in ${JSON.stringify(token)}`);
        child = Array.isArray(child) ? [...child] : { ...child };
        own.add(child);
        setMember(container, key, child);
      }
      return child;
    }, /** @type {any} */ (holder));

  /** @param {string[]} tokens @param {any} value */
  const add = (tokens, value) => {
    const container = ownContainer(tokens);
    const token = last(tokens);
    if (!Array.isArray(container)) setMember(container, token, value);
    else if (token === '-') container.push(value);
    else container.splice(indexOf(token, container.length), 0, value);
  };

  /** @param {string[]} tokens */
  const remove = (tokens) => {
    const container = ownContainer(tokens);
    const key = existing(container, last(tokens));
    const value = container[key];
    if (Array.isArray(container)) container.splice(Number(key), 1);
    // Something has to be left.
    else if (container === holder) holder.document = null;
    else delete container[key];
    return value;
  };

  for (const operation of patch) {
    const tokens = tokensOf(operation.path);
    switch (operation.op) {
      case 'add':
        add(tokens, operation.value);
        break;
      case 'remove':
        remove(tokens);
        break;
      case 'replace': {
        const container = ownContainer(tokens);
        setMember(container, existing(container, last(tokens)), operation.value);
        break;
      }
      case 'move':
        if (operation.path.startsWith(`${operation.from}/`)) throw new Error('nothing moves into itself');
        add(tokens, remove(tokensOf(operation.from)));
        break;
      case 'copy': {
        const value = find(tokensOf(operation.from));
        // What is in two places then is of neither's own, also where one is within the other.
        own = new Set([holder]);
        add(tokens, value);
        break;
      }
      case 'test':
        if (!isEqual(find(tokens), operation.value)) throw new Error(`another value is at ${JSON.stringify(operation.path)}`);
        break;
      default:
        throw new Error(`no operation of JSON Patch: ${JSON.stringify(operation)}`);
    }
  }
  return holder.document;
}

/** @param {string} path */
function tokensOf(path) {
  if (typeof path !== 'string' || (path !== '' && !path.startsWith('/')) || /~(?![01])/.test(path)) {
    throw new Error(`no JSON Pointer: ${JSON.stringify(path)}`);
  }
  return ['document', ...path.split('/').slice(1).map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'))];
}

/** @param {string[]} tokens */
function last(tokens) {
  return /** @type {string} */ (tokens[tokens.length - 1]);
}

/**
 * @param {any} container
 * @param {string} token
 * @returns {string | number}
 */
function existing(container, token) {
  if (Array.isArray(container)) return indexOf(token, container.length - 1);
  if (isContainer(container) && Object.hasOwn(container, token)) return token;
  throw new Error(`there is no ${JSON.stringify(token)}`);
}

/**
 * @param {string} token
 * @param {number} most
 */
function indexOf(token, most) {
  if (!/^(0|[1-9]\d*)$/.test(token) || Number(token) > most) throw new Error(`there is no place ${JSON.stringify(token)}`);
  return Number(token);
}

/**
 * @param {any} container
 * @param {string | number} key
 * @param {any} value
 */
function setMember(container, key, value) {
  // Assigned, this one would be the object's prototype; in JSON it is a name as any other.
  if (key === '__proto__') Object.defineProperty(container, key, { value, writable: true, enumerable: true, configurable: true });
  else container[key] = value;
}

/**
 * @param {any} one
 * @param {any} other
 * @returns {boolean}
 */
function isEqual(one, other) {
  if (!isContainer(one) || !isContainer(other)) return one === other;
  const keys = Object.keys(one);
  return (
    Array.isArray(one) === Array.isArray(other) &&
    keys.length === Object.keys(other).length &&
    keys.every((key) => Object.hasOwn(other, key) && isEqual(one[key], other[key]))
  );
}

/** @param {any} value */
function isContainer(value) {
  return typeof value === 'object' && value !== null;
}
