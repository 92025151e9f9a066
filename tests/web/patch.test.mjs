// JSON Patch (RFC 6902) without changing what it is applied to: by examples, and by random documents and operations.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { applyPatch, keepIdentity } from '../../bff/protocol/client/client.js';
import { frozen } from './scripted.mjs';

const FITS = [
  ['nothing', { a: 1 }, [], { a: 1 }],
  ['a new member', { a: 1 }, [{ op: 'add', path: '/b', value: [2] }], { a: 1, b: [2] }],
  ['a member that is there already is replaced', { a: 1 }, [{ op: 'add', path: '/a', value: 2 }], { a: 2 }],
  ['a member without a name', { '': 1 }, [{ op: 'replace', path: '/', value: 2 }], { '': 2 }],
  ['null is a value', { a: 1 }, [{ op: 'replace', path: '/a', value: null }], { a: null }],
  ['before the first', [1, 2], [{ op: 'add', path: '/0', value: 0 }], [0, 1, 2]],
  ['between', [1, 3], [{ op: 'add', path: '/1', value: 2 }], [1, 2, 3]],
  ['behind the last, by its number', [1], [{ op: 'add', path: '/1', value: 2 }], [1, 2]],
  ['behind the last', { a: [1] }, [{ op: 'add', path: '/a/-', value: [2] }], { a: [1, [2]] }],
  ['a member whose name is a minus', { '-': 1 }, [{ op: 'remove', path: '/-' }], {}],
  ['a member whose name is a number', { 0: 1 }, [{ op: 'replace', path: '/0', value: 2 }], { 0: 2 }],
  ['one of a list', [1, 2, 3], [{ op: 'remove', path: '/1' }], [1, 3]],
  ['all of a list', [1, 2], [{ op: 'remove', path: '/0' }, { op: 'remove', path: '/0' }], []],
  ['deep', { a: [{ b: { c: 1 } }] }, [{ op: 'replace', path: '/a/0/b/c', value: 2 }], { a: [{ b: { c: 2 } }] }],
  ['escapes', { 'a/b': { 'm~n': 1, '~1': 2 } }, [{ op: 'replace', path: '/a~1b/m~0n', value: 3 }, { op: 'remove', path: '/a~1b/~01' }], { 'a/b': { 'm~n': 3 } }],
  ['the whole', { a: 1 }, [{ op: 'replace', path: '', value: [1] }], [1]],
  ['the whole, added', { a: 1 }, [{ op: 'add', path: '', value: 'b' }, { op: 'test', path: '', value: 'b' }], 'b'],
  ['the whole, removed', { a: 1 }, [{ op: 'remove', path: '' }], null],
  ['moved', { a: { b: 1 }, c: {} }, [{ op: 'move', from: '/a/b', path: '/c/d' }], { a: {}, c: { d: 1 } }],
  ['moved in a list', [1, 2, 3], [{ op: 'move', from: '/0', path: '/2' }], [2, 3, 1]],
  ['moved to where it is', { a: 1 }, [{ op: 'move', from: '/a', path: '/a' }], { a: 1 }],
  ['moved beside a longer name', { a: 1, ab: {} }, [{ op: 'move', from: '/a', path: '/ab/c' }], { ab: { c: 1 } }],
  ['moved up into its own place', { a: { b: { c: 1 } } }, [{ op: 'move', from: '/a/b', path: '/a' }], { a: { c: 1 } }],
  ['copied', { a: [1] }, [{ op: 'copy', from: '/a', path: '/b' }, { op: 'add', path: '/b/-', value: 2 }], { a: [1], b: [1, 2] }],
  ['copied after it was changed', { a: { b: [1] } }, [{ op: 'add', path: '/a/b/-', value: 2 }, { op: 'copy', from: '/a', path: '/c' }, { op: 'remove', path: '/c/b/0' }, { op: 'add', path: '/a/b/0', value: 0 }], { a: { b: [0, 1, 2] }, c: { b: [2] } }],
  ['copied into itself', { a: {} }, [{ op: 'add', path: '/a/b', value: 1 }, { op: 'copy', from: '/a', path: '/a/c' }, { op: 'remove', path: '/a/b' }], { a: { c: { b: 1 } } }],
  ['what was added is changed', {}, [{ op: 'add', path: '/a', value: { b: [] } }, { op: 'add', path: '/a/b/-', value: 1 }], { a: { b: [1] } }],
  ['tested', { a: [1, { b: 'c', d: null }] }, [{ op: 'test', path: '/a', value: [1, { d: null, b: 'c' }] }], { a: [1, { b: 'c', d: null }] }],
  ['names that objects inherit', { a: {} }, [{ op: 'add', path: '/a/toString', value: 1 }, { op: 'add', path: '/a/constructor', value: 2 }], { a: { toString: 1, constructor: 2 } }],
];

for (const [what, document, patch, expected] of FITS) {
  test(what, () => {
    frozen([document, patch]);
    assert.deepEqual(applyPatch(document, patch), expected);
  });
}

const MISFITS = [
  ['a member that is not there', { a: 1 }, [{ op: 'replace', path: '/b', value: 1 }]],
  ['a name that objects inherit', { a: 1 }, [{ op: 'remove', path: '/toString' }]],
  ['into what is not there', { a: 1 }, [{ op: 'add', path: '/b/c', value: 1 }]],
  ['into a number', { a: 1 }, [{ op: 'add', path: '/a/b', value: 1 }]],
  ['into null', { a: null }, [{ op: 'add', path: '/a/b', value: 1 }]],
  ['into a text', 'text', [{ op: 'replace', path: '/0', value: 'x' }]],
  ['behind the end', [1], [{ op: 'add', path: '/2', value: 1 }]],
  ['behind the end, replaced', [1], [{ op: 'replace', path: '/1', value: 1 }]],
  ['nothing is at a minus', [1], [{ op: 'remove', path: '/-' }]],
  ['a number that begins with 0', [1, 2], [{ op: 'remove', path: '/01' }]],
  ['no number', [1, 2], [{ op: 'remove', path: '/1e0' }]],
  ['no number, but a property of lists', [1, 2], [{ op: 'replace', path: '/length', value: 0 }]],
  ['a negative number', [1, 2], [{ op: 'remove', path: '/-1' }]],
  ['another value', { a: { b: 1 } }, [{ op: 'test', path: '/a', value: { b: 2 } }]],
  ['another type', { a: 1 }, [{ op: 'test', path: '/a', value: '1' }]],
  ['a list is no object', { a: [] }, [{ op: 'test', path: '/a', value: {} }]],
  ['one more member', { a: { b: 1 } }, [{ op: 'test', path: '/a', value: { b: 1, c: 1 } }]],
  ['into itself', { a: { b: 1 } }, [{ op: 'move', from: '/a', path: '/a/b' }]],
  ['from nowhere', { a: 1 }, [{ op: 'copy', from: '/b', path: '/c' }]],
  ['no pointer', { a: 1 }, [{ op: 'remove', path: 'a' }]],
  ['a bad escape', { '~a': 1 }, [{ op: 'remove', path: '/~a' }]],
  ['no path', { a: 1 }, [{ op: 'remove' }]],
  ['no operation', { a: 1 }, [{ op: 'merge', path: '/a', value: 1 }]],
  ['the second of two', { a: 1 }, [{ op: 'replace', path: '/a', value: 2 }, { op: 'remove', path: '/b' }]],
];

for (const [what, document, patch] of MISFITS) {
  test(`does not fit: ${what}`, () => {
    frozen(document);
    assert.throws(() => applyPatch(document, patch), Error);
  });
}

test('__proto__ is a name as any other', () => {
  const document = JSON.parse('{"a": {"__proto__": {"b": 1}}, "c": {}}');
  const made = applyPatch(document, [
    { op: 'replace', path: '/a/__proto__/b', value: 2 },
    { op: 'add', path: '/c/__proto__', value: { d: 3 } },
  ]);
  assert.equal(JSON.stringify(made), '{"a":{"__proto__":{"b":2}},"c":{"__proto__":{"d":3}}}');
  assert.equal(made.a.b, undefined);
  assert.equal(made.c.d, undefined);
  assert.equal(JSON.stringify(document), '{"a":{"__proto__":{"b":1}},"c":{}}');
  assert.throws(() => applyPatch({ a: {} }, [{ op: 'add', path: '/a/__proto__/b', value: 1 }]), /there is no/);
  assert.equal({}.b, undefined);
  const again = keepIdentity(document, JSON.parse('{"a": {"__proto__": {"b": 1}}, "c": {"__proto__": 1}}'));
  assert.equal(JSON.stringify(again), '{"a":{"__proto__":{"b":1}},"c":{"__proto__":1}}');
  assert.equal(again.a, document.a);
});

test('what no operation touches is the same object', () => {
  const document = { a: { b: { c: [1] }, d: [{ e: 1 }, { e: 2 }] }, f: { g: [] } };
  const made = applyPatch(document, [{ op: 'replace', path: '/a/d/1/e', value: 3 }, { op: 'remove', path: '/a/d/0' }]);
  assert.deepEqual(made, { a: { b: { c: [1] }, d: [{ e: 3 }] }, f: { g: [] } });
  assert.equal(made.a.b, document.a.b);
  assert.equal(made.f, document.f);
  const moved = applyPatch(document, [{ op: 'move', from: '/a/d/0', path: '/f/g/-' }]);
  assert.equal(moved.f.g[0], document.a.d[0]);
  assert.equal(moved.a.d[0], document.a.d[1]);
});

// ---- random

const SEED = Number(process.env.SEED ?? Date.now() % 1e9);

/** mulberry32: random numbers that a seed gives again. */
function randomNumbers(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const NAMES = ['', 'a', 'b', '0', '1', '-', 'a/b', 'm~n', '~1', '__proto__', 'toString', 'é'];

class Random {
  constructor(seed) {
    this.number = randomNumbers(seed);
  }

  below(most) {
    return Math.floor(this.number() * most);
  }

  one(things) {
    return things[this.below(things.length)];
  }

  document(depth = 4) {
    const kind = depth === 0 ? 0 : this.below(3);
    if (kind === 0) return this.one([null, true, false, 0, 1, -1.5, '', 'a', '0']);
    const size = this.below(4);
    if (kind === 1) return Array.from({ length: size }, () => this.document(depth - 1));
    const made = {};
    for (let member = 0; member < size; member += 1) define(made, this.one(NAMES), this.document(depth - 1));
    return made;
  }

  /** An operation that fits, by a reference as plain as can be; gives it and what it makes of the document. */
  operation(document) {
    const places = [...walk(document)].map(([tokens]) => tokens);
    const op = this.one(['add', 'remove', 'replace', 'move', 'copy', 'test']);
    const tokens = this.one(places);
    if (op === 'test') return { op, path: pointer(tokens), value: at(document, tokens) };
    if (op === 'remove') return { op, path: pointer(tokens) };
    if (op === 'replace') return { op, path: pointer(tokens), value: this.document(2) };
    const target = this.target(document, op === 'move' ? tokens : undefined);
    if (op === 'add') return { op, path: pointer(target), value: this.document(2) };
    return { op, from: pointer(tokens), path: pointer(target) };
  }

  /** Where something can be added; once `without` is gone, if it is given. */
  target(document, without) {
    const base = without === undefined ? document : reference(document, { op: 'remove', path: pointer(without) });
    const containers = [...walk(base)].filter(([, value]) => typeof value === 'object' && value !== null);
    if (containers.length === 0 || (without?.length === 0)) return [];
    const [tokens, container] = this.one(containers);
    if (!Array.isArray(container)) return [...tokens, this.one(NAMES)];
    return [...tokens, this.one(['-', String(this.below(container.length + 1))])];
  }
}

function define(object, key, value) {
  Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
}

function* walk(value, tokens = []) {
  yield [tokens, value];
  if (typeof value === 'object' && value !== null) {
    for (const key of Object.keys(value)) yield* walk(value[key], [...tokens, key]);
  }
}

const at = (document, tokens) => tokens.reduce((value, token) => value[token], document);
const pointer = (tokens) => tokens.map((token) => `/${token.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
const tokensOf = (path) => path.split('/').slice(1).map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));

/** One operation, by copying everything. */
function reference(document, { op, path, from, value }) {
  const holder = { root: structuredCloneJson(document) };
  const take = (tokens, isRemoved) => {
    const container = at(holder, tokens.slice(0, -1));
    const key = tokens.at(-1);
    const found = container[key];
    if (isRemoved && Array.isArray(container)) container.splice(key, 1);
    else if (isRemoved) delete container[key];
    return found;
  };
  const put = (tokens, added) => {
    const container = at(holder, tokens.slice(0, -1));
    const key = tokens.at(-1);
    if (!Array.isArray(container)) define(container, key, added);
    else container.splice(key === '-' ? container.length : Number(key), 0, added);
  };
  const place = ['root', ...tokensOf(path)];
  if (op === 'remove' || op === 'replace') take(place, true);
  if (op === 'add' || op === 'replace') put(place, structuredCloneJson(value));
  if (op === 'move' || op === 'copy') put(place, structuredCloneJson(take(['root', ...tokensOf(from)], op === 'move')));
  return Object.hasOwn(holder, 'root') ? holder.root : null;
}

function structuredCloneJson(value) {
  return JSON.parse(JSON.stringify(value));
}

test(`random patches, SEED=${SEED}`, () => {
  const random = new Random(SEED);
  for (let round = 0; round < 2_000; round += 1) {
    const document = random.document();
    let expected = document;
    const patch = [];
    for (let count = random.below(6); count > 0; count -= 1) {
      const operation = random.operation(expected);
      // Moved into itself: the target was looked for without it.
      if (operation.op === 'move' && operation.path.startsWith(`${operation.from}/`)) continue;
      patch.push(operation);
      expected = reference(expected, operation);
    }
    const text = JSON.stringify([document, patch]);
    frozen([document, patch]);
    const made = applyPatch(document, patch);
    assert.deepEqual(JSON.parse(JSON.stringify(made)), expected, text);
    assert.equal(JSON.stringify([document, patch]), text);
    // Top-level members that no path goes through are the same objects.
    const touched = new Set(patch.flatMap(({ path, from }) => [path, from ?? path]).map((path) => tokensOf(path)[0]));
    if (!Array.isArray(document) && typeof document === 'object' && document !== null && !touched.has(undefined)) {
      for (const name of Object.keys(document)) if (!touched.has(name)) assert.equal(made[name], document[name], text);
    }
  }
});

test(`random states keep what is equal, SEED=${SEED}`, () => {
  const random = new Random(SEED);
  for (let round = 0; round < 2_000; round += 1) {
    const previous = random.document();
    let next = previous;
    for (let count = random.below(3); count > 0; count -= 1) next = reference(next, random.operation(next));
    next = structuredCloneJson(next);
    const text = JSON.stringify(next);
    frozen([previous, next]);
    const kept = keepIdentity(previous, next);
    assert.deepEqual(structuredCloneJson(kept), next, text);
    check(previous, kept);
  }

  function check(previous, kept) {
    if (typeof previous !== 'object' || previous === null || typeof kept !== 'object' || kept === null) return;
    if (isDeepEqual(previous, kept)) assert.equal(kept, previous);
    else if (Array.isArray(previous) === Array.isArray(kept)) {
      for (const key of Object.keys(kept)) if (Object.hasOwn(previous, key)) check(previous[key], kept[key]);
    }
  }

  function isDeepEqual(one, other) {
    try {
      assert.deepStrictEqual(one, other);
      return true;
    } catch {
      return false;
    }
  }
});
