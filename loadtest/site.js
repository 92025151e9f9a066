// What page.js and rest.js share: whose matters are loaded, by how many browsers, and how a page load is measured.
//
// SITE is where Briefcase runs in development, VUS how many browsers load pages at once, DURATION for how long.
// ITERATIONS ends the run after so many pages, if that is earlier. The summary is one line of JSON on standard output.

import exec from 'k6/execution';
import http from 'k6/http';
import { Counter, Gauge, Rate, Trend } from 'k6/metrics';

const NEWEST = 200;

export const SITE = __ENV.SITE || 'http://127.0.0.1:5000';

export const settings = {
  vus: Number(__ENV.VUS || 8),
  duration: __ENV.DURATION || '15s',
  ...(__ENV.ITERATIONS && { iterations: Number(__ENV.ITERATIONS) }),
  setupTimeout: '60s',
  // What a browser opens to one host over HTTP/1.1.
  batchPerHost: 6,
  summaryTrendStats: ['count', 'med', 'p(95)', 'p(99)'],
};

const loadTime = new Trend('page_load', true);
const failed = new Rate('page_failed');
const calls = new Counter('page_calls');
const bytes = new Counter('page_bytes');
// From the first page to the last: the run's own duration has the set-up in it.
const clock = new Gauge('page_clock');

// The newest matters of every organization, each with somebody who may see them. Organizations take turns in the ids of
// users, so users 1, 2, 3, ... are of different ones until the first comes round again.
export function findMatters() {
  const firms = new Map();
  for (let user = 1; ; user++) {
    const headers = { Authorization: `Bearer dev-${user}` };
    const viewer = http.get(`${SITE}/api/viewer`, { headers });
    if (viewer.status !== 200) break;
    const firm = viewer.json('organization_id');
    if (firms.has(firm)) break;
    const matters = http.get(`${SITE}/api/matters?limit=${NEWEST}`, { headers });
    firms.set(firm, { headers, ids: matters.json('items.#.id') });
  }
  if (firms.size === 0) exec.test.abort(`nobody is signed in at ${SITE} as dev-1: is it a demo, and seeded?`);
  return [...firms.values()];
}

// Load the page of a random matter by `load(id, headers)`, which gives the page's responses, or null for a page that
// lacks something. What fails is counted and not timed: it may well be quick.
export function loadOne(firms, load) {
  const { headers, ids } = anyOf(firms);
  const begun = Date.now();
  const responses = load(anyOf(ids), headers);
  const ended = Date.now();
  clock.add(begun);
  clock.add(ended);
  failed.add(responses === null);
  if (responses === null) return;
  loadTime.add(ended - begun);
  calls.add(responses.length);
  bytes.add(responses.reduce((sum, response) => sum + Number(response.headers['Content-Length']), 0));
}

export function summarize({ metrics }) {
  const of = (name) => metrics[name] && metrics[name].values;
  if (!of('page_failed')) return {};
  const { passes: failures, fails: loads } = of('page_failed');
  const seconds = (of('page_clock').max - of('page_clock').min) / 1000;
  const summary = { loads, failures, seconds };
  if (loads > 0) {
    summary.median_ms = of('page_load').med;
    summary.p95_ms = of('page_load')['p(95)', 'p(99)'];
    summary.p99_ms = of('page_load')['p(99)'];
    summary.calls = of('page_calls').count;
    summary.bytes = of('page_bytes').count;
  }
  return { stdout: `${JSON.stringify(summary)}\n` };
}

function anyOf(list) {
  return list[Math.floor(Math.random() * list.length)];
}
