// GraphiQL on the layer's own endpoint. The page passes addresses as data attributes; the browser adds the
// session cookie by itself, since page and endpoint have one origin, and the headers editor adds what is typed
// there (in development `{"Authorization": "Bearer dev-1"}`). Subscriptions and queries with @live run over the layer's
// socket until they are stopped.

import { GraphiQL } from 'graphiql';
import 'graphiql/style.css';
import './frame.css';
import { createRoot } from 'react-dom/client';

// Monaco, GraphiQL's editor, checks and completes in workers. Each is a file of the bundle beside this one.
globalThis.MonacoEnvironment = {
  getWorker(_id, label) {
    const name = { json: 'json', graphql: 'graphql' }[label] ?? 'editor';
    return new Worker(new URL(`${name}.worker.js`, import.meta.url), { name: label });
  },
};

const root = document.getElementById('graphiql');
const { endpoint, assets, namespace } = root.dataset;

async function fetcher(parameters, { headers, documentAST } = {}) {
  if (isLive(documentAST, parameters.operationName)) return (await liveClient(headers)).iterate(parameters);
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: {
      Accept: 'application/graphql-response+json, application/json;q=0.9',
      'Content-Type': 'application/json',
      ...headers,
    },
    body: JSON.stringify(parameters),
  });
  return response.json();
}

function isLive(documentAST, operationName) {
  const operation = documentAST?.definitions.find(
    (it) => it.kind === 'OperationDefinition' && (!operationName || it.name?.value === operationName),
  );
  return operation?.operation === 'subscription' || operation?.directives.some((it) => it.name.value === 'live');
}

// One client for as long as the same token is in the headers editor.
let live;

async function liveClient(headers = {}) {
  const authorization = Object.entries(headers).find(([name]) => name.toLowerCase() === 'authorization')?.[1];
  const token = /^Bearer +(.*)$/i.exec(authorization ?? '')?.[1];
  if (live?.token !== token) {
    live?.client.then((client) => client.dispose());
    live = { token, client: connect(token && { token }) };
  }
  return live.client;
}

async function connect(auth) {
  // The files that pages of the host import, too.
  const [{ io }, { createClient }] = await Promise.all([import(`${assets}/socket.io.js`), import(`${endpoint}/client.js`)]);
  // Who watches wants to know soon that there is no server.
  return createClient(io(namespace, { transports: ['websocket'], autoConnect: false, auth, reconnectionAttempts: 5 }));
}

createRoot(root).render(
  <GraphiQL
    fetcher={fetcher}
    defaultQuery={'query Example {\n  __typename\n}\n'}
    defaultHeaders={'{\n}\n'}
    defaultEditorToolsVisibility="headers"
    shouldPersistHeaders
  />,
);
