// What a page shows: the data of its source, changes that are under way on top of it, and what its reader has opened.
//
// A change is shown at once and sent in its turn. What the site refuses is taken back and said at the place of the
// change. What it answers goes into the data; on a live page it stays on top until the live state has it too, so that
// nothing jumps back in between.

import { Refused, isSignedOut, mutate } from './graphql.js';

// How long a live state may take to follow an answer, in ms. Somebody else may have changed the same meanwhile.
const SETTLING = 2_000;

export class PageState {
  // `show()` draws; `oncost(cost)` hears what each change cost, `onsignedout()` that one came from nobody.
  constructor({ given, me, show, oncost, onsignedout }) {
    Object.assign(this, { given, me, show, oncost, onsignedout });
    this.base = null;
    this.changes = [];
    this.refusals = new Map();
    this.busy = new Set();
    this.isLive = false;
    this.line = Promise.resolve();
    this.kept = new Map();
  }

  // The data with every change that is under way.
  get data() {
    if (!this.base || this.changes.length === 0) return this.base;
    const data = structuredClone(this.base);
    for (const change of this.changes) change.apply(data);
    return data;
  }

  // The newest data, which is this object's from now on.
  become(data) {
    this.base = data;
    this.changes = this.changes.filter((change) => !change.isAnswered || !isIn(change, data));
  }

  // Change the data itself, with more of it for example.
  edit(apply) {
    apply(this.base);
    this.show();
  }

  // What the reader has done to a part of the page, for as long as the page is there.
  keep(key, initial) {
    if (!this.kept.has(key)) this.kept.set(key, initial);
    return this.kept.get(key);
  }

  // A mutation's payload, or null when it was refused. `now(data)` changes data to what will be, `then(data, payload)`
  // to what the answer says; whoever applies either twice must change nothing the second time.
  async change(place, operation, input, { now = () => {}, then = () => {} } = {}) {
    const change = { apply: now, isAnswered: false };
    this.changes.push(change);
    const payload = await this.attempt(place, () => this.inTurn(async () => {
      const { payload: answer, reasons, cost } = await mutate(operation, input);
      this.oncost(cost);
      if (reasons.length || !answer) throw new Refused(reasons);
      change.apply = (data) => then(data, answer);
      change.isAnswered = true;
      return answer;
    }), () => {
      if (change.isAnswered && this.isLive && !isIn(change, this.base)) setTimeout(() => this.settle(change), SETTLING);
      else this.settle(change);
    });
    return payload;
  }

  // Run `action` for `place`, which is busy meanwhile and where a refusal is said. Gives what it gives, null if refused.
  async attempt(place, action, after = () => {}) {
    this.refusals.delete(place);
    this.busy.add(place);
    this.show();
    try {
      return await action();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      if (isSignedOut(error.reasons)) this.onsignedout();
      else this.refusals.set(place, error.message);
      return null;
    } finally {
      this.busy.delete(place);
      after();
      this.show();
    }
  }

  // One after the other, so that the site hears of changes in the order in which they were made.
  inTurn(action) {
    const mine = this.line.then(action);
    this.line = mine.catch(() => {});
    return mine;
  }

  settle(change) {
    if (!this.changes.includes(change)) return;
    this.changes = this.changes.filter((it) => it !== change);
    if (change.isAnswered && !this.isLive) change.apply(this.base);
    this.show();
  }
}

function isIn(change, data) {
  const changed = structuredClone(data);
  change.apply(changed);
  return JSON.stringify(changed) === JSON.stringify(data);
}
