// The layer's endpoint, as a page needs it: registered operations by their name, never their text.

const ENDPOINT = '/graphql';

// A page in one query. Gives `{ data, errors, cost }`, as every source of pages does, whatever goes wrong; `cost` is what
// the page's meter shows: `{ requests, ms, bytes, phases }`.
export async function loadPage(page, variables) {
  const address = new URL(ENDPOINT, location.origin);
  address.searchParams.set('documentId', `${page}Page`);
  address.searchParams.set('variables', JSON.stringify(variables));
  return exchange(address, { method: 'GET' });
}

// Run a mutation. Gives `{ payload, reasons, cost }`; there are reasons where nothing was changed.
export async function mutate(operation, input) {
  const { data, errors, cost } = await exchange(ENDPOINT, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ documentId: operation, variables: { input } }),
  });
  const payload = data && Object.values(data)[0];
  return { payload, reasons: errors ?? payload?.errors ?? [], cost };
}

// Why something did not happen, for people.
export class Refused extends Error {
  constructor(reasons) {
    super(reasons.map((reason) => reason.message).join('; ') || 'the site gave no answer');
  }
}

async function exchange(address, options) {
  const begun = performance.now();
  const headers = { Accept: 'application/graphql-response+json', ...options.headers };
  let response, text;
  try {
    response = await fetch(address, { ...options, headers, credentials: 'same-origin' });
    text = await response.text();
  } catch (error) {
    return { errors: [{ message: `the site does not answer (${error.message})` }], cost: cost(begun, '') };
  }
  const measured = cost(begun, text, response.headers.get('Server-Timing'));
  try {
    const { data, errors } = JSON.parse(text);
    return { data, errors, cost: measured };
  } catch {
    const message = `the site answered ${response.status} ${response.statusText} and no JSON`;
    return { errors: [{ message }], cost: measured };
  }
}

function cost(begun, text, timing) {
  return {
    requests: 1,
    ms: performance.now() - begun,
    bytes: new TextEncoder().encode(text).length,
    phases: (timing ?? '').split(',').map((part) => {
      const [name, ...parameters] = part.trim().split(';');
      const duration = parameters.find((it) => it.startsWith('dur='));
      return { name, ms: Number(duration?.slice(4)) };
    }).filter((phase) => phase.name && Number.isFinite(phase.ms)),
  };
}
