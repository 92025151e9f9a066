// The bar at the bottom: how many requests the page has made for its data, how long they took and what they brought.

import { draw, h } from './dom.js';
import { count, size } from './format.js';

export class Meter {
  constructor(element) {
    this.element = element;
    this.total = { requests: 0, ms: 0, bytes: 0, phases: [] };
  }

  // Count further answers. Phases are the last answer's: they are the server's account of that one request.
  add({ requests, ms, bytes, phases }) {
    const total = this.total;
    total.requests += requests;
    total.ms += ms;
    total.bytes += bytes;
    total.phases = phases;
    draw(this.element,
      h('span', {}, h('b', {}, count(total.requests)), total.requests === 1 ? ' request' : ' requests'),
      h('span', {}, h('b', {}, count(Math.round(total.ms))), ' ms'),
      h('span', {}, h('b', {}, size(total.bytes))),
      phases.length > 0 && h('span', { class: 'phases' }, h('span', {}, 'Server-Timing'), phases.filter(isFelt).map(({ name, ms: felt }) =>
        h('span', {}, `${name} `, h('b', {}, felt.toFixed(1))))));
  }
}

// Whether a phase took any time at the precision that is shown.
function isFelt({ ms }) {
  return ms >= 0.05;
}
