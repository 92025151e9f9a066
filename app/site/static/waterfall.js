// How the page was loaded: every call as a bar in time, and the last load of each way side by side.
//
// The last loads are kept for as long as the tab is open, each under its page's address, so that after a look at both ways
// they can be compared.

import { costOf } from './call.js';
import { draw, h } from './dom.js';
import { count, size } from './format.js';

const WAYS = { rest: 'REST', query: 'One query' };
const OPEN = 'waterfall';
// The browser's own account of a call may come a moment after the answer; how often and how long to wait for it, in ms.
const LOOKS = 10;
const PAUSE = 20;

export class Waterfall {
  constructor(element, toggle) {
    this.element = element;
    this.toggle = toggle;
    this.isOpen = sessionStorage.getItem(OPEN) === 'yes' || new URLSearchParams(location.search).has('by');
    toggle.addEventListener('click', () => this.open(!this.isOpen));
    element.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape') return;
      this.open(false);
      toggle.focus();
    });
    this.open(this.isOpen);
  }

  open(isOpen) {
    this.isOpen = isOpen;
    sessionStorage.setItem(OPEN, isOpen ? 'yes' : 'no');
    this.element.hidden = !isOpen;
    this.toggle.setAttribute('aria-expanded', String(isOpen));
  }

  // Draw what loading the page by `way` took.
  async show(way, calls) {
    for (let look = 0; look < LOOKS && !calls.every((call) => call.timing.isMeasured); look += 1) {
      await new Promise((resolve) => { setTimeout(resolve, PAUSE); });
    }
    const bars = calls.map((call) => ({ call, ...call.timing })).sort((one, other) => one.begun - other.begun);
    const begin = Math.min(...bars.map((it) => it.begun));
    const end = Math.max(...bars.map((it) => it.ended));
    const { requests, bytes } = costOf(calls);
    const last = this.last();
    if (calls.length) last[way] = { calls: requests, ms: end - begin, bytes };
    sessionStorage.setItem(this.key, JSON.stringify(last));
    draw(this.element,
      h('h2', { class: 'unseen' }, 'How this page was loaded'),
      race(last, way),
      calls.length > 0 && chart(bars, begin, end));
  }

  last() {
    return JSON.parse(sessionStorage.getItem(this.key) ?? '{}');
  }

  get key() {
    const parameters = new URLSearchParams(location.search);
    parameters.delete('by');
    return `load ${location.pathname}?${parameters}`;
  }
}

// The last load of each way: what it took, and a bar for its time.
function race(last, now) {
  const slowest = Math.max(...Object.values(last).map((it) => it.ms));
  const { rest, query } = last;
  return h('div', { class: 'race' },
    h('dl', {}, Object.entries(WAYS).map(([way, name]) => {
      const load = last[way];
      return h('div', { class: `lane ${way} ${way === now ? 'now' : ''}`, key: way },
        h('dt', {}, name),
        h('dd', { class: 'track' }, load && h('span', { class: 'bar', '--width': `${(100 * load.ms) / slowest}%` })),
        h('dd', { class: 'sum' }, load
          ? [h('b', {}, count(load.calls)), load.calls === 1 ? ' call, ' : ' calls, ', h('b', {}, count(Math.round(load.ms))), ' ms, ', size(load.bytes)]
          : h('a', { href: link(way), 'data-way': way }, 'Load it this way')));
    })),
    rest && query && h('p', { class: 'verdict' }, 'REST took ', h('b', {}, `${ratio(rest.ms / query.ms)}×`), ' the time, ', h('b', {}, `${count(rest.calls)}×`), ' the calls'));
}

function ratio(value) {
  return value < 10 ? value.toFixed(1) : count(Math.round(value));
}

function link(way) {
  const parameters = new URLSearchParams(location.search);
  parameters.set('by', way);
  return `${location.pathname}?${parameters}`;
}

function chart(bars, begin, end) {
  const span = end - begin || 1;
  const percent = (moment) => `${((100 * (moment - begin)) / span).toFixed(3)}%`;
  const waves = new Set(bars.map(({ call }) => call.wave)).size;
  return h('div', { class: 'calls', tabindex: '0', role: 'region', 'aria-label': 'Calls' },
    h('table', {},
      h('caption', { class: 'unseen' }, waves > 1 ? `Calls in ${waves} waves, each of which needs the answers of the one before` : 'Calls'),
      h('thead', {}, h('tr', {},
        h('th', { scope: 'col' }, waves > 1 ? `${count(bars.length)} calls in ${waves} waves` : 'Call'),
        h('th', { scope: 'col' }, h('span', { class: 'axis' }, [0, 1, 2, 3, 4].map((part) => h('span', {}, `${count(Math.round((span * part) / 4))} ms`)))),
        h('th', { scope: 'col', class: 'num' }, 'ms'),
        h('th', { scope: 'col', class: 'num' }, 'Size'))),
      h('tbody', {}, bars.map(({ call, begun, sent, ended }) => h('tr', { key: call.address },
        h('th', { scope: 'row', title: call.address }, decodeURIComponent(call.address)),
        h('td', {}, h('span', { class: `span w${(call.wave ?? 0) % 3}` },
          h('span', { class: 'queued', title: `waited ${(sent - begun).toFixed(1)} ms for a connection`, '--from': percent(begun), '--to': percent(sent) }),
          call.phases.length > 0 ? phases(parts(call), sent, ended, percent) : h('span', { class: 'sent', '--from': percent(sent), '--to': percent(ended) }))),
        h('td', { class: 'num' }, (ended - begun).toFixed(ended - begun < 10 ? 1 : 0)),
        h('td', { class: 'num' }, size(call.bytes)))))),
    bars.length === 1 && bars[0].call.phases.length > 0 && legend(parts(bars[0].call), bars[0].ended - bars[0].begun));
}

// What the server did one after the other; the sum of them is a phase too.
const parts = ({ phases: all }) => all.filter(({ name }) => name !== 'total');

// The server's phases, which come one after the other, inside the bar of their call. When in it they began only the
// server knows: they are drawn at its end, before which the request was on its way.
function phases(list, sent, ended, percent) {
  const total = list.reduce((sum, it) => sum + it.ms, 0);
  let from = Math.max(sent, ended - total);
  return [
    h('span', { class: 'sent', '--from': percent(sent), '--to': percent(ended) }),
    list.map(({ name, ms }, index) => {
      const begun = from;
      from = Math.min(ended, from + ms);
      return h('span', { class: `phase f${index % 7}`, title: `${name} ${ms.toFixed(1)} ms`, '--from': percent(begun), '--to': percent(from) });
    }),
  ];
}

function legend(list, whole) {
  const server = list.reduce((sum, it) => sum + it.ms, 0);
  return h('ul', { class: 'legend' },
    list.map(({ name, ms }, index) => h('li', {}, h('i', { class: `f${index % 7}` }), name, h('b', {}, ms.toFixed(1)))),
    h('li', {}, h('i', {}), 'browser and network', h('b', {}, Math.max(0, whole - server).toFixed(1))));
}
