// Draws the page that the shell names: loads its data from a source, draws it, shows what it cost, keeps it live.
//
// A page module (pages/*.js) exports `variables(given)`, from what the shell gives to the operation's variables or null
// when there is nothing to ask yet; `title(data)`; and `draw(data, state)`, which describes elements. It knows nothing of
// where data comes from: a source is `load(page, variables) -> { data, errors, calls }`. Of a live page the newest data
// is drawn over the old.

import { costOf } from './call.js';
import { draw } from './dom.js';
import { Refused, isSignedOut, loadPage } from './graphql.js';
import { goLive } from './live.js';
import { Meter } from './meter.js';
import { errors, heading, nothing, signedOut } from './parts.js';
import { loadByRest } from './rest.js';
import { onSignOut, signOut } from './session.js';
import { PageState } from './state.js';
import { toast } from './toasts.js';
import { Waterfall } from './waterfall.js';

const SOURCES = { rest: loadByRest, query: loadPage };
// How long a change that came from elsewhere is marked, in ms; site.css fades it meanwhile.
const MARKED = 2_500;

const main = document.getElementById('content');
const { page, by } = main.dataset;
const given = JSON.parse(main.dataset.variables);
const meter = new Meter(document.getElementById('meter'));
const waterfall = new Waterfall(document.getElementById('waterfall'), document.getElementById('waterfall-toggle'));
const light = document.getElementById('live');
const source = SOURCES[by];

const { default: module } = await import(`./pages/${page.toLowerCase()}.js`);
const state = new PageState({
  given, me: JSON.parse(main.dataset.me), show, oncost: (cost) => meter.add(cost), onsignedout: leave,
});
let asked = module.variables(given);
let wrong = [];
let gone = null;
let live = null;

// More of the same page, by further variables: the next rows of a list, for example. Throws a Refused.
state.more = async (variables) => {
  const { data, errors: reasons, calls } = await source(page, { ...asked, ...variables });
  meter.add(costOf(calls));
  if (reasons?.length) throw new Refused(reasons);
  return data;
};

// The page by other variables, from now on. Throws a Refused.
state.ask = async (variables) => {
  take(await state.more(variables));
  asked = { ...asked, ...variables };
  live?.follow(asked);
};

document.getElementById('sign-out').addEventListener('click', async () => {
  await signOut();
  location.assign('/sign-in');
});
onSignOut(leave);
document.addEventListener('click', keepSwitch);

if (asked) {
  const { data, errors: reasons, calls } = await source(page, asked);
  take(data, reasons);
  meter.add(costOf(calls));
  waterfall.show(by, calls);
}
show();
main.removeAttribute('aria-busy');
// The browser looked for the address's fragment before anything was there.
if (location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView();
if (module.isLive && by === 'query' && !gone) await stayLive();

function show() {
  return draw(main, gone ?? [errors(wrong), (state.base || !asked) && content(state.data)]);
}

function take(data = null, reasons = []) {
  state.become(data);
  wrong = reasons;
  if (data?.viewer === null || isSignedOut(reasons)) leave();
}

// Nobody is signed in any more: there is nobody for whom anything is here.
function leave() {
  gone = signedOut();
  document.title = 'Signed out · Briefcase';
  live?.stop();
  show();
}

function content(data) {
  const drawn = module.draw(data, state);
  if (!drawn) return missing();
  if (data) document.title = `${module.title(data)} · Briefcase`;
  return drawn;
}

function missing() {
  return [
    heading({ title: `No such ${page.toLowerCase()}` }),
    nothing('It does not exist, or it belongs to another organization.'),
  ];
}

// A link leads to the other page by the way that this one was loaded.
function keepSwitch(event) {
  const link = event.target.closest('a[href]');
  const isChosen = new URLSearchParams(location.search).has('by');
  if (!isChosen || !link || link.origin !== location.origin || link.hasAttribute('data-way')) return;
  const address = new URL(link.href);
  address.searchParams.set('by', by);
  link.href = address.pathname + address.search + address.hash;
}

async function stayLive() {
  live = await goLive({
    page, isOffered: 'live' in main.dataset, presence: module.presence?.(given), events: module.events?.(given),
  }, {
    status(name, words) {
      state.isLive = name === 'live';
      light.dataset.state = name;
      light.textContent = words;
    },
    data(data, reasons) {
      take(data, reasons);
      mark(show());
    },
    present(people) {
      state.present = people;
      show();
    },
    happened: (name, data) => toast(module.told?.(name, data, state)),
    // Each stream of events says so for itself.
    missed: () => toast({ key: 'missed', words: 'Some news was missed while you were away.' }),
    gone() {
      gone = [heading({ title: 'This is not here any more' }), nothing('It was deleted, or you may not see it any more.')];
      show();
    },
    signedOut: leave,
  });
  // It may have ended meanwhile.
  if (gone) live.stop();
  else live.follow(asked);
}

// Shows for a moment what somebody else changed.
function mark(changed) {
  for (const element of changed) {
    element.removeAttribute('data-changed');
    // The style sheet's animation begins anew only if the mark was seen to be away.
    element.getBoundingClientRect();
    element.setAttribute('data-changed', '');
    setTimeout(() => element.removeAttribute('data-changed'), MARKED);
  }
}
