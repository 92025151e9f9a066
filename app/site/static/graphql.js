// The layer's endpoint, as a page needs it: registered operations by their name, never their text.

import { ask, costOf } from './call.js';

const ENDPOINT = '/graphql';
const ACCEPT = 'application/graphql-response+json';

// A page in one query. Gives `{ data, errors, calls }`, as every source of pages does, whatever goes wrong.
export async function loadPage(page, variables) {
  const parameters = new URLSearchParams({ documentId: `${page}Page`, variables: JSON.stringify(variables) });
  return exchange(`${ENDPOINT}?${parameters}`, { method: 'GET', headers: { Accept: ACCEPT } });
}

// Run a mutation. Gives `{ payload, reasons, cost }`; there are reasons where nothing was changed.
export async function mutate(operation, input) {
  const { data, errors, calls } = await exchange(ENDPOINT, {
    method: 'POST',
    headers: { Accept: ACCEPT, 'Content-Type': 'application/json' },
    body: JSON.stringify({ documentId: operation, variables: { input } }),
  });
  const payload = data && Object.values(data)[0];
  return { payload, reasons: errors ?? payload?.errors ?? [], cost: costOf(calls) };
}

// Why something did not happen, for people.
export class Refused extends Error {
  constructor(reasons) {
    super(reasons.map((reason) => reason.message).join('; ') || 'the site gave no answer');
    this.reasons = reasons;
  }
}

// Whether the site knew nobody who asks: signed out, or signed in too long ago.
export function isSignedOut(reasons) {
  return reasons.some((reason) => reason.extensions?.code === 'UNAUTHENTICATED');
}

async function exchange(address, options) {
  let asked;
  try {
    asked = await ask(address, options);
  } catch (error) {
    return { errors: [{ message: `the site does not answer (${error.message})` }], calls: [] };
  }
  const { response, text, call } = asked;
  try {
    const { data, errors } = JSON.parse(text);
    return { data, errors, calls: [call] };
  } catch {
    const message = `the site answered ${response.status} ${response.statusText} and no JSON`;
    return { errors: [{ message }], calls: [call] };
  }
}
