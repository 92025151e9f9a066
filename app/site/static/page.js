// Draws the page that the shell names: load its data from a source, draw the answer, show what it cost.
//
// A page module (pages/*.js) exports `variables(given)`, from what the shell gives to the operation's variables or null
// when there is nothing to ask yet; `title(data)`; and `draw(data, context)`, which gives elements. It knows nothing of
// where data comes from: a source is `load(page, variables) -> { data, errors, cost }`.

import { Refused, loadPage, mutate } from './graphql.js';
import { h, present } from './dom.js';
import { Meter } from './meter.js';
import { errors, heading, nothing } from './parts.js';

const main = document.getElementById('content');
const meter = new Meter(document.getElementById('meter'));
const source = loadPage;

const { page } = main.dataset;
const given = JSON.parse(main.dataset.variables);

const context = {
  given,

  // More of the same page, by further variables: the next rows of a list, for example. Throws a Refused.
  async more(variables) {
    const answer = await source(page, { ...module.variables(given), ...variables });
    meter.add(answer.cost);
    if (answer.errors?.length) throw new Refused(answer.errors);
    return answer.data;
  },

  // A mutation's payload. Throws a Refused that says why nothing was changed.
  async change(operation, input) {
    const { payload, reasons, cost } = await mutate(operation, input);
    meter.add(cost);
    if (reasons.length || !payload) throw new Refused(reasons);
    return payload;
  },
};

document.getElementById('sign-out').addEventListener('click', async () => {
  await fetch('/auth/sign-out', { method: 'POST' });
  location.assign('/sign-in');
});

const { default: module } = await import(`./pages/${page.toLowerCase()}.js`);
await show();

async function show() {
  const variables = module.variables(given);
  const { data, errors: wrong = [], cost } = variables ? await source(page, variables) : {};
  if (cost) meter.add(cost);
  main.replaceChildren(...present([wrong.length > 0 && errors(wrong), (data || !variables) && content(data ?? null)]));
  main.removeAttribute('aria-busy');
  // The browser looked for the address's fragment before anything was there.
  if (location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView();
}

function content(data) {
  if (data?.viewer === null) return signedOut();
  const drawn = module.draw(data, context);
  if (!drawn) return missing();
  if (data) document.title = `${module.title(data)} · Briefcase`;
  return drawn;
}

// The shell was sent to somebody who was signed in; that may have ended since.
function signedOut() {
  const next = encodeURIComponent(location.pathname + location.search);
  return [heading({ title: 'You are signed out' }), h('p', {}, h('a', { href: `/sign-in?next=${next}` }, 'Sign in again'))];
}

function missing() {
  return [
    heading({ title: `No such ${page.toLowerCase()}` }),
    nothing('It does not exist, or it belongs to another organization.'),
  ];
}
