// The Matter page as one query: a single POST of the operation's name and the matter's id.

import http from 'k6/http';

import { findMatters, loadOne, settings, SITE, summarize } from './site.js';

export const options = settings;
export { findMatters as setup, summarize as handleSummary };

export default function (firms) {
  loadOne(firms, loadMatter);
}

function loadMatter(id, headers) {
  const body = JSON.stringify({ documentId: 'MatterPage', variables: { id: String(id) } });
  const response = http.post(`${SITE}/graphql`, body, {
    headers: { ...headers, 'Content-Type': 'application/json' },
  });
  const isWhole =
    response.status === 200 &&
    response.json('errors') === undefined &&
    response.json('data.matter.id') === String(id);
  return isWhole ? [response] : null;
}
