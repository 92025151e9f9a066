// One request for data, and what it cost.

// Send it. Gives `{ response, text, call }`, where `call` says what was asked, when, and what came; throws where there is
// no answer at all.
export async function ask(address, options) {
  const url = new URL(address, location.origin);
  const begun = performance.now();
  const response = await fetch(url, { ...options, credentials: 'same-origin' });
  const text = await response.text();
  return { response, text, call: new Call(url, begun, text, response.headers.get('Server-Timing')) };
}

class Call {
  constructor(url, begun, text, timing) {
    this.url = url;
    this.begun = begun;
    this.ended = performance.now();
    this.bytes = new TextEncoder().encode(text).length;
    this.phases = phases(timing);
  }

  get address() {
    return this.url.pathname + this.url.search;
  }

  // As the browser itself measured it: when it was begun, when one of its few connections to the site took it, and when
  // the answer was there; in ms since the page was opened.
  get timing() {
    const mine = performance.getEntriesByName(this.url.href, 'resource').find((it) => it.startTime >= this.begun - 1);
    if (!mine?.responseEnd) return { begun: this.begun, sent: this.begun, ended: this.ended, isMeasured: false };
    return { begun: mine.startTime, sent: mine.requestStart || mine.startTime, ended: mine.responseEnd, isMeasured: true };
  }
}

// A Server-Timing header: `[{ name, ms }]`, one after the other, then `total`.
function phases(header) {
  return (header ?? '').split(',').map((part) => {
    const [name, ...parameters] = part.trim().split(';');
    const duration = parameters.find((it) => it.startsWith('dur='));
    return { name, ms: Number(duration?.slice(4)) };
  }).filter((phase) => phase.name && Number.isFinite(phase.ms));
}

// What calls cost together, as the meter counts it; they may have run at the same time.
export function costOf(calls) {
  return {
    requests: calls.length,
    ms: calls.length ? Math.max(...calls.map((it) => it.ended)) - Math.min(...calls.map((it) => it.begun)) : 0,
    bytes: calls.reduce((total, it) => total + it.bytes, 0),
    phases: calls.length === 1 ? calls[0].phases : [],
  };
}
