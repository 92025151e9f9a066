// GraphiQL on the layer's own endpoint. The page passes the endpoint as a data attribute; the browser adds the
// session cookie by itself, since page and endpoint have one origin, and the headers editor adds what is typed
// there (in development `{"Authorization": "Bearer dev-1"}`).

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

async function fetcher(parameters, { headers } = {}) {
  const response = await fetch(root.dataset.endpoint, {
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

createRoot(root).render(
  <GraphiQL
    fetcher={fetcher}
    defaultQuery={'query Example {\n  __typename\n}\n'}
    defaultHeaders={'{\n}\n'}
    defaultEditorToolsVisibility="headers"
    shouldPersistHeaders
  />,
);
