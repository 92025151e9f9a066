// The source of pages that the old frontend had: the REST API, call after call.
//
// A page (rest_pages.js) is a generator, as in app/rest/frontend.py. It yields waves: addresses that can be asked at the
// same time because the answers to the waves before name them. It is sent the answers, and returns the data of the page
// in the shape of its query. An address that the page has asked before is not asked again. The tests hold both against
// each other, call by call.

import { ask } from './call.js';
import { PAGES } from './rest_pages.js';

// Gives `{ data, errors, calls }`; each call knows its wave, counting from 0.
export async function loadByRest(page, variables) {
  // The browser remembers 250 otherwise.
  performance.setResourceTimingBufferSize(5_000);
  const answers = new Map();
  const calls = [];
  const steps = PAGES[page](variables, (address) => answers.get(address));
  try {
    let step = steps.next();
    for (let wave = 0; !step.done;) {
      const wanted = step.value;
      const fresh = [...new Set(wanted)].filter((address) => !answers.has(address));
      await Promise.all(fresh.map(async (address) => answers.set(address, await get(address, wave, calls))));
      if (fresh.length) wave += 1;
      step = steps.next(wanted.map((address) => answers.get(address)));
    }
    return { data: step.value, calls };
  } catch (error) {
    if (!(error instanceof Failed)) throw error;
    // What the page is about: its own address was in the first wave.
    if (error.status === 404) return { data: { [page.toLowerCase()]: null }, calls };
    return { data: null, errors: [{ message: error.message, extensions: { code: error.code } }], calls };
  }
}

class Failed extends Error {
  constructor(status, code, message) {
    super(message);
    Object.assign(this, { status, code });
  }
}

async function get(address, wave, calls) {
  let asked;
  try {
    asked = await ask(address, { headers: { Accept: 'application/json' } });
  } catch (error) {
    throw new Failed(0, 'UNREACHABLE', `the site does not answer (${error.message})`);
  }
  const { response, text, call } = asked;
  calls.push(Object.assign(call, { wave }));
  let answer;
  try {
    answer = JSON.parse(text);
  } catch {
    throw new Failed(response.status, undefined, `${address} answered ${response.status} and no JSON`);
  }
  if (!response.ok) throw new Failed(response.status, answer.error?.code, answer.error?.message);
  return answer;
}
