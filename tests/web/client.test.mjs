// The client against a scripted server, over the real socket.io-client: states and patches, events, resuming, refusals, ends.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';

import { createClient } from '../../bff/protocol/client/client.js';
import { connected, frozen, Kept, scripted } from './scripted.mjs';

const MATTER = { documentId: 'MatterPage', variables: { id: '1' } };
const EVENTS = { query: 'subscription { commentAdded(matterId: 1) { id } }' };
const state = (title, notes = ['a', 'b']) => ({ data: { matter: { title, client: { name: 'Acme' }, notes } } });
const live = { channel: 7, kind: 'live' };
const event = { channel: 8, kind: 'event' };

/** A subscription of `state('one')` as version 4 at p4, that has come. */
async function standing(peer, client, payload = MATTER) {
  const sink = new Kept();
  const dispose = client.subscribe(payload, sink);
  const asked = await peer.accept(live);
  peer.say('next', { channel: 7, version: 4, payload: state('one'), position: 'p4' });
  return { sink, dispose, asked, first: await sink.take() };
}

/** A subscription to events, that has had the event e1 at p1. */
async function listening(peer, client) {
  const sink = new Kept();
  const dispose = client.subscribe(EVENTS, sink);
  const asked = await peer.accept(event);
  peer.say('next', { channel: 8, event: 'e1', payload: { data: { n: 1 } }, position: 'p1' });
  await sink.take();
  return { sink, dispose, asked };
}

/** All that was said to the client before this has been dealt with. */
async function dealtWith(peer, client) {
  const sink = new Kept();
  const dispose = client.subscribe({ query: '{ mark }' }, sink);
  const { id } = await peer.take('subscribe');
  peer.say('error', { id, payload: [{ message: 'mark' }] });
  await sink.take('error');
  dispose();
}

test('what is asked for, as it is sent', async (t) => {
  const { client, peer } = await connected(t);
  const variables = { id: '1', none: undefined };
  client.subscribe({ query: 'q', operationName: 'n', variables, extensions: { a: 1 }, more: 'dropped' }, new Kept());
  assert.deepEqual(await peer.take('subscribe'), {
    id: '1', mode: 'patch', payload: { query: 'q', operationName: 'n', variables: { id: '1' }, extensions: { a: 1 } },
  });
  const full = await connected(t, { mode: 'full' });
  full.client.subscribe(MATTER, new Kept());
  assert.deepEqual(await full.peer.take('subscribe'), { id: '1', mode: 'full', payload: MATTER });
});

test('states and patches: parts that stay are the same objects, and nothing that was given changes', async (t) => {
  const { client, peer } = await connected(t);
  const { sink, first } = await standing(peer, client);
  frozen(first);
  const patch = [{ op: 'replace', path: '/data/matter/title', value: 'two' }, { op: 'remove', path: '/data/matter/notes/0' }];
  peer.say('next', { channel: 7, version: 5, patch, position: 'p5' });
  const second = frozen(await sink.take());
  assert.deepEqual(second, state('two', ['b']));
  assert.equal(second.data.matter.client, first.data.matter.client);
  assert.deepEqual(first, state('one'));
  // A whole state, too, and it may skip versions.
  peer.say('next', { channel: 7, version: 9, payload: state('three', ['b']), position: 'p9' });
  const third = await sink.take();
  assert.deepEqual(third, state('three', ['b']));
  assert.equal(third.data.matter.client, first.data.matter.client);
  assert.equal(third.data.matter.notes, second.data.matter.notes);
});

test('several subscriptions to one channel: a message for all is one message, a state for the last is not for the first', async (t) => {
  const { client, peer } = await connected(t);
  const one = await standing(peer, client);
  const two = new Kept();
  client.subscribe(MATTER, two);
  await peer.accept(live);
  peer.say('next', { channel: 7, version: 4, payload: state('one'), position: 'p4' });
  assert.equal(await two.take(), one.first);
  peer.say('next', { channel: 7, version: 5, patch: [{ op: 'replace', path: '/data/matter/title', value: 'two' }], position: 'p5' });
  assert.deepEqual(await two.take(), state('two'));
  assert.equal(await one.sink.take(), two.results[1]);
  assert.equal(one.sink.results.length, 2);
  one.dispose();
  assert.deepEqual(await peer.take('complete'), { id: one.asked.id });
  peer.say('next', { channel: 7, version: 6, payload: state('three'), position: 'p6' });
  assert.deepEqual(await two.take(), state('three'));
  assert.equal(one.sink.results.length, 2);
});

test('a patch or an older state while the first state is on its way', async (t) => {
  const { client, peer } = await connected(t);
  const sink = new Kept();
  client.subscribe(MATTER, sink);
  await peer.accept(live);
  peer.say('next', { channel: 7, version: 3, patch: [], position: 'p3' });
  peer.say('next', { channel: 7, version: 5, payload: state('five'), position: 'p5' });
  peer.say('next', { channel: 7, version: 4, payload: state('four'), position: 'p4' });
  peer.say('next', { channel: 7, version: 5, patch: [{ op: 'remove', path: '/data' }], position: 'p5' });
  assert.deepEqual(await sink.take(), state('five'));
  await dealtWith(peer, client);
  assert.equal(sink.told.length, 1);
});

for (const [what, message] of Object.entries({
  'is not of the version that is here': { version: 6, patch: [{ op: 'replace', path: '/data/matter/title', value: 'x' }] },
  'does not fit': { version: 5, patch: [{ op: 'replace', path: '/data/matter/name', value: 'x' }] },
})) {
  test(`a patch that ${what}: the state is asked for anew`, async (t) => {
    const { client, peer } = await connected(t);
    const { sink, asked, first } = await standing(peer, client);
    const errors = [];
    client.on('error', (error) => errors.push(error.message));
    peer.say('next', { channel: 7, position: 'p', ...message });
    assert.deepEqual(await peer.take('complete'), { id: asked.id });
    const again = await peer.take('subscribe');
    assert.deepEqual(again, { ...asked, id: again.id });
    assert.notEqual(again.id, asked.id);
    assert.equal(errors.length, 1);
    // What is on its way for the old one is not taken.
    peer.say('next', { channel: 7, version: 7, payload: state('lost'), position: 'p' });
    peer.say('subscribed', { id: again.id, channel: 9, kind: 'live', recovered: null, position: 'p0' });
    peer.say('next', { channel: 9, version: 1, payload: state('two'), position: 'p8' });
    const second = await sink.take();
    assert.deepEqual(second, state('two'));
    assert.equal(second.data.matter.notes, first.data.matter.notes);
  });
}

test('events: in order, none twice, and the memory of them has a bound', async (t) => {
  const { client, peer } = await connected(t, { remembered: 3 });
  const sink = new Kept();
  client.subscribe(EVENTS, sink);
  await peer.accept(event);
  const say = (...ids) => ids.forEach((id) => peer.say('next', { channel: 8, event: id, payload: { data: { id } }, position: `p${id}` }));
  say('1', '2', '2', '3', '1', '4', '3');
  // The first has been forgotten by now.
  say('1');
  await dealtWith(peer, client);
  assert.deepEqual(sink.results.map((it) => it.data.id), ['1', '2', '3', '4', '1']);
});

test('an event for one subscription is not for the other one of its channel', async (t) => {
  const { client, peer } = await connected(t);
  const one = await listening(peer, client);
  const two = new Kept();
  client.subscribe(EVENTS, two);
  const { id } = await peer.accept(event);
  peer.say('next', { channel: 8, id, event: 'e0', payload: { data: { n: 0 } }, position: 'p0' });
  assert.deepEqual(await two.take(), { data: { n: 0 } });
  await dealtWith(peer, client);
  assert.equal(one.sink.results.length, 1);
});

test('after a cut everything is asked for again from its position', async (t) => {
  const { server, client, peer } = await connected(t);
  const one = await standing(peer, client);
  const two = await listening(peer, client);
  const fresh = new Kept();
  client.subscribe({ query: '{ slow }' }, fresh);
  await peer.accept({ channel: 9, kind: 'live', position: 'not of a state that has come' });
  const told = [];
  client.on('closed', ({ reason }) => told.push(reason));
  client.on('connected', (_socket, _payload, wasRetry) => told.push(wasRetry));
  peer.cut();
  const next = await server.peer();
  const first = await next.accept({ channel: 3, kind: 'live', recovered: true, version: 1, position: 'p4' });
  assert.deepEqual([first.resume, first.payload], ['p4', one.asked.payload]);
  const second = await next.accept({ channel: 4, kind: 'event', recovered: true, position: 'p1' });
  assert.deepEqual([second.resume, second.payload], ['p1', two.asked.payload]);
  assert.equal('resume' in (await next.take('subscribe')), false);
  assert.deepEqual(told, ['transport close', true]);

  // Unchanged: the state that is here is version 1 now, and what follows is a patch of it.
  next.say('next', { channel: 3, version: 2, patch: [{ op: 'replace', path: '/data/matter/title', value: 'two' }], position: 'p7' });
  assert.deepEqual(await one.sink.take(), state('two'));
  assert.equal(one.sink.results.length, 2);
  assert.equal(one.sink.results[1].data.matter.notes, one.first.data.matter.notes);
  next.say('next', { channel: 4, event: 'e1', payload: { data: { n: 1 } }, position: 'p1' });
  next.say('next', { channel: 4, event: 'e2', payload: { data: { n: 2 } }, position: 'p2' });
  assert.deepEqual(await two.sink.take(), { data: { n: 2 } });
});

test('after a cut the newest state comes whole: what equals the old one stays, and all of it equal is nothing new', async (t) => {
  const { server, client, peer } = await connected(t);
  const { sink, first } = await standing(peer, client);
  peer.cut();
  const second = await server.peer();
  await second.accept({ ...live, channel: 1, recovered: true });
  second.say('next', { channel: 1, version: 1, payload: state('one'), position: 'p8' });
  await dealtWith(second, client);
  second.cut();
  const third = await server.peer();
  assert.equal((await third.accept({ ...live, channel: 1, recovered: true })).resume, 'p8');
  third.say('next', { channel: 1, version: 1, payload: state('two'), position: 'p9' });
  const result = await sink.take();
  assert.deepEqual(result, state('two'));
  assert.equal(result.data.matter.client, first.data.matter.client);
  assert.equal(sink.results.length, 2);
});

test('two that have other versions meet on one channel', async (t) => {
  const { server, client, peer } = await connected(t);
  const one = await standing(peer, client);
  const two = await standing(peer, client, { ...MATTER, variables: { id: '2' } });
  peer.cut();
  const next = await server.peer();
  await next.accept({ ...live, channel: 1, recovered: true });
  next.say('next', { channel: 1, version: 2, payload: state('two'), position: 'p9' });
  assert.deepEqual(await one.sink.take(), state('two'));
  // The other's state was the newest a moment ago.
  await next.accept({ ...live, channel: 1, recovered: true, version: 1, position: 'p4' });
  assert.equal(await two.sink.take(), one.sink.results[1]);
});

test('not recovered: told to the sink, to listeners and with the next result, once', async (t) => {
  const { server, client, peer } = await connected(t);
  const { sink, first } = await standing(peer, client);
  const events = await listening(peer, client);
  const gaps = [];
  client.on('gap', ({ payload }) => gaps.push(payload));
  peer.cut();
  const next = await server.peer();
  await next.accept({ ...live, recovered: false });
  next.say('next', { channel: 7, version: 1, payload: { ...state('one'), extensions: { a: 1 } }, position: 'p9' });
  await sink.take('gap');
  const result = await sink.take();
  assert.deepEqual(result, { ...state('one'), extensions: { a: 1, recovered: false } });
  assert.equal(result.data, first.data);
  next.say('next', { channel: 7, version: 2, patch: [{ op: 'remove', path: '/extensions' }], position: 'p10' });
  assert.deepEqual(await sink.take(), state('one'));
  await next.accept({ ...event, recovered: false, position: 'p20' });
  await events.sink.take('gap');
  next.say('next', { channel: 8, event: 'e9', payload: { data: { n: 9 } }, position: 'p29' });
  assert.deepEqual(await events.sink.take(), { data: { n: 9 }, extensions: { recovered: false } });
  assert.deepEqual(gaps, [MATTER, EVENTS]);
});

test('a gap in the middle; and positions where nothing happens', async (t) => {
  const { server, client, peer } = await connected(t);
  const waiting = new Kept();
  client.subscribe(MATTER, waiting);
  await peer.accept({ ...live, channel: 9 });
  const { sink } = await listening(peer, client);
  peer.say('gap', { channel: 8, position: 'p7' });
  await sink.take('gap');
  peer.say('next', { channel: 8, event: 'e8', payload: { data: { n: 8 } }, position: 'p8' });
  assert.deepEqual(await sink.take(), { data: { n: 8 }, extensions: { recovered: false } });
  peer.say('position', { channel: 8, position: 'p20' });
  peer.say('position', { channel: 9, position: 'p20' });
  await dealtWith(peer, client);
  peer.cut();
  const next = await server.peer();
  assert.equal('resume' in (await next.take('subscribe')), false);
  assert.equal((await next.take('subscribe')).resume, 'p20');
});

test('an error ends the subscription with the errors of the server', async (t) => {
  const { client, peer } = await connected(t);
  for (const code of ['NOT_LIVE', 'LIMIT', 'FORBIDDEN', 'INTERNAL', 'DEADLINE_EXCEEDED', 'BAD_REQUEST', 'VALIDATION_FAILED']) {
    const sink = new Kept();
    client.subscribe(MATTER, sink);
    const { id } = await peer.take('subscribe');
    const payload = [{ message: 'no', extensions: { code } }];
    peer.say('error', { id, payload });
    assert.deepEqual(await sink.take('error'), payload);
    peer.say('subscribed', { ...live, id, recovered: null, position: 'p' });
    await dealtWith(peer, client);
    assert.equal(sink.told.length, 1);
  }
});

test('a busy server is asked again; what stood is asked again for what may pass', async (t) => {
  const { server, client, peer } = await connected(t);
  const sink = new Kept();
  client.subscribe(MATTER, sink);
  for (const code of ['OVERLOADED', 'RATE_LIMITED', 'OVERLOADED']) {
    const { id } = await peer.take('subscribe');
    peer.say('error', { id, payload: [{ message: 'no', extensions: { code } }] });
  }
  await peer.accept(live);
  peer.say('next', { channel: 7, version: 4, payload: state('one'), position: 'p4' });
  await sink.take();
  peer.cut();
  const next = await server.peer();
  for (const code of ['INTERNAL', 'DEADLINE_EXCEEDED', 'OVERLOADED']) {
    const { id, resume } = await next.take('subscribe');
    assert.equal(resume, 'p4');
    next.say('error', { id, payload: [{ message: 'no', extensions: { code } }] });
  }
  await next.accept(live);
  assert.equal(sink.told.length, 1);
});

for (const code of ['FORBIDDEN', 'BAD_REQUEST']) {
  test(`a position that is refused as ${code}: asked once without, and something may have been missed`, async (t) => {
    const { server, client, peer } = await connected(t);
    const { sink, asked } = await standing(peer, client);
    peer.cut();
    const next = await server.peer();
    const refused = [{ message: 'no', extensions: { code } }];
    next.say('error', { id: (await next.take('subscribe')).id, payload: refused });
    await sink.take('gap');
    const again = await next.take('subscribe');
    assert.deepEqual(again, { ...asked, id: again.id });
    next.say('error', { id: again.id, payload: refused });
    assert.deepEqual(await sink.take('error'), refused);
  });
}

test('complete: over without a code, and where there is nothing any more', async (t) => {
  const { client, peer } = await connected(t);
  for (const ended of [{}, { code: 'GONE', message: 'closed' }]) {
    const { sink, asked } = await standing(peer, client);
    peer.say('complete', { id: asked.id, ...ended });
    assert.deepEqual(await sink.take('complete'), ended.code && ended);
    await dealtWith(peer, client);
    assert.deepEqual(sink.told.map(([what]) => what), ['next', 'complete']);
  }
});

test('complete: resumed where it may be', async (t) => {
  const { client, peer } = await connected(t);
  const { sink, asked } = await listening(peer, client);
  let { id } = asked;
  for (const [code, more] of [['SLOW_CONSUMER', { resume: 'p1' }], ['INTERNAL', {}], ['SOMETHING_NEW', { resume: 'p1' }]]) {
    peer.say('complete', { id, code, message: 'later', ...more });
    const again = await peer.accept({ ...event, recovered: true, position: 'p1' });
    assert.deepEqual(again, { ...asked, id: again.id, resume: 'p1' });
    ({ id } = again);
  }
  peer.say('next', { channel: 8, event: 'e2', payload: { data: { n: 2 } }, position: 'p2' });
  assert.deepEqual(await sink.take(), { data: { n: 2 } });
  peer.say('complete', { id, code: 'SOMETHING_OLD', message: 'no more' });
  assert.deepEqual(await sink.take('error'), [{ message: 'no more', extensions: { code: 'SOMETHING_OLD' } }]);
});

test('complete: rights that changed are asked about once; who is nobody is told', async (t) => {
  const { client, peer } = await connected(t);
  const one = await standing(peer, client);
  peer.say('complete', { id: one.asked.id, code: 'FORBIDDEN', message: 'no' });
  await one.sink.take('gap');
  const again = await peer.accept(live);
  assert.equal('resume' in again, false);
  peer.say('complete', { id: again.id, code: 'FORBIDDEN', message: 'no', resume: 'p' });
  assert.deepEqual(await one.sink.take('error'), [{ message: 'no', extensions: { code: 'FORBIDDEN' } }]);
  for (const code of ['UNAUTHENTICATED', 'TOKEN_EXPIRED']) {
    const { sink, asked } = await standing(peer, client);
    peer.say('complete', { id: asked.id, code, message: 'no', resume: 'p4' });
    assert.deepEqual(await sink.take('error'), [{ message: 'no', extensions: { code } }]);
  }
});

test('a token that expired: whoever can give another connects with it, once', async (t) => {
  let tokens = 0;
  const { server, client, peer } = await connected(t, { socket: { auth: (give) => give({ token: `t${++tokens}` }) } });
  assert.deepEqual(peer.auth, { token: 't1' });
  const { sink, asked } = await standing(peer, client);
  peer.say('complete', { id: asked.id, code: 'TOKEN_EXPIRED', message: 'old', resume: 'p4' });
  assert.equal(await peer.left, 'client namespace disconnect');
  const next = await server.peer();
  assert.deepEqual(next.auth, { token: 't2' });
  const again = await next.accept({ ...live, recovered: true, version: 1, position: 'p4' });
  assert.equal(again.resume, 'p4');
  next.say('complete', { id: again.id, code: 'TOKEN_EXPIRED', message: 'old', resume: 'p4' });
  assert.deepEqual(await sink.take('error'), [{ message: 'old', extensions: { code: 'TOKEN_EXPIRED' } }]);
});

test('a node that stops: everybody moves and resumes', async (t) => {
  const { server, client, peer } = await connected(t);
  await standing(peer, client);
  peer.say('move', { within: 5_000 });
  peer.say('move', { within: 5_000 });
  assert.equal(await peer.left, 'client namespace disconnect');
  assert.equal((await (await server.peer()).take('subscribe')).resume, 'p4');
});

test('a server that disconnects is connected to again', async (t) => {
  const { server, client, peer } = await connected(t);
  await standing(peer, client);
  peer.socket.disconnect();
  assert.equal((await (await server.peer()).take('subscribe')).resume, 'p4');
});

test('terminate connects anew, and waits for no attempt of socket.io-client', async (t) => {
  const never = { reconnectionDelay: 1e8, reconnectionDelayMax: 1e8 };
  const { server, socket, client, peer } = await connected(t, { socket: never });
  await standing(peer, client);
  client.terminate();
  await peer.left;
  const next = await server.peer();
  assert.equal((await next.accept({ ...live, recovered: true, version: 4, position: 'p4' })).resume, 'p4');
  const lost = once(socket, 'disconnect');
  next.cut();
  await lost;
  client.terminate();
  // While that attempt is under way, too.
  client.terminate();
  const last = await server.peer();
  assert.equal((await last.take('subscribe')).resume, 'p4');
  assert.equal(last.sent.length, 1);
});

test('a socket that does not reconnect by itself is connected anew', async (t) => {
  const { server, socket, client, peer } = await connected(t, { socket: { reconnection: false } });
  await standing(peer, client);
  const { uri } = socket.io;
  socket.io.uri = 'http://127.0.0.1:1';
  const refused = Promise.all([once(socket, 'connect_error'), new Promise((resolve) => client.on('error', resolve))]);
  peer.cut();
  await refused;
  // Meanwhile there is more to ask for.
  client.subscribe(EVENTS, new Kept());
  socket.io.uri = uri;
  const next = await server.peer();
  assert.equal((await next.take('subscribe')).resume, 'p4');
  assert.deepEqual((await next.take('subscribe')).payload, EVENTS);
});

test('a socket that does not reconnect, and whose first connection cannot be had', async (t) => {
  const server = await scripted(t);
  const socket = server.socket({ autoConnect: false, reconnection: false });
  const { uri } = socket.io;
  socket.io.uri = 'http://127.0.0.1:1';
  const client = createClient(socket, { random: () => 0 });
  t.after(() => client.dispose());
  const refused = once(socket, 'connect_error');
  client.subscribe(MATTER, new Kept());
  await refused;
  socket.io.uri = uri;
  assert.deepEqual((await (await server.peer()).take('subscribe')).payload, MATTER);
});

test('a host that disconnects says himself when to connect', async (t) => {
  const { server, socket, client, peer } = await connected(t);
  await standing(peer, client);
  socket.disconnect();
  await peer.left;
  assert.equal(socket.active, false);
  socket.connect();
  assert.equal((await (await server.peer()).take('subscribe')).resume, 'p4');
});

test('a socket that is not connected connects with the first subscription', async (t) => {
  const server = await scripted(t);
  const socket = server.socket({ autoConnect: false });
  const client = createClient(socket);
  const sink = new Kept();
  assert.equal(socket.active, false);
  const disposed = new Kept();
  client.subscribe(EVENTS, disposed)();
  await disposed.take('complete');
  client.subscribe(MATTER, sink);
  const peer = await server.peer();
  assert.deepEqual((await peer.take('subscribe')).payload, MATTER);
  assert.equal(peer.sent.length, 1);
  client.dispose();
  await sink.take('complete');
});

test('who is nobody is told by the sink; the next subscription tries again', async (t) => {
  let data = { code: 'UNAUTHENTICATED' };
  const server = await scripted(t, { refuse: () => data });
  const client = createClient(server.socket(), { random: () => 0 });
  t.after(() => client.dispose());
  const sink = new Kept();
  client.subscribe(MATTER, sink);
  assert.deepEqual(await sink.take('error'), [{ message: 'refused', extensions: { code: 'UNAUTHENTICATED' } }]);
  data = undefined;
  client.subscribe(MATTER, sink);
  await (await server.peer()).take('subscribe');
});

test('a socket that does not reconnect, and was lost before it had a client', async (t) => {
  const server = await scripted(t);
  const socket = server.socket({ reconnection: false });
  const lost = once(socket, 'disconnect');
  (await server.peer()).cut();
  await lost;
  const client = createClient(socket, { random: () => 0 });
  t.after(() => client.dispose());
  client.subscribe(MATTER, new Kept());
  const peer = await server.peer();
  assert.deepEqual((await peer.take('subscribe')).payload, MATTER);
});

test('a sink that is told ends another, which is told nothing more', async (t) => {
  const server = await scripted(t, { refuse: () => ({ code: 'UNAUTHENTICATED' }) });
  const client = createClient(server.socket(), { random: () => 0 });
  t.after(() => client.dispose());
  const other = new Kept();
  let end;
  const told = new Promise((resolve) => {
    client.subscribe(MATTER, { next() {}, error: () => { end(); resolve(); }, complete() {} });
  });
  end = client.subscribe(MATTER, other);
  await told;
  await other.take('complete');
  assert.deepEqual(other.told, [['complete', undefined]]);
});

test('a connection that is refused for now is tried again', async (t) => {
  const refusals = [{ code: 'OVERLOADED' }, {}];
  const server = await scripted(t, { refuse: () => refusals.shift() });
  const client = createClient(server.socket(), { random: () => 0 });
  t.after(() => client.dispose());
  const errors = [];
  client.on('error', (error) => errors.push(error.message));
  client.subscribe(MATTER, new Kept());
  await (await server.peer()).take('subscribe');
  assert.deepEqual(errors, ['refused', 'refused']);
});

test('a server that cannot be reached, for a socket that gives up', async (t) => {
  const server = await scripted(t);
  const socket = server.socket({ autoConnect: false, reconnectionAttempts: 2 });
  const { uri } = socket.io;
  socket.io.uri = 'http://127.0.0.1:1';
  const client = createClient(socket, { random: () => 0 });
  t.after(() => client.dispose());
  const sink = new Kept();
  client.subscribe(MATTER, sink);
  assert.match((await sink.take('error')).message, /cannot be reached/);
  socket.io.uri = uri;
  client.subscribe(MATTER, sink);
  await (await server.peer()).take('subscribe');
});

test('disposed of before anything was answered', async (t) => {
  const { client, peer } = await connected(t);
  const sink = new Kept();
  client.subscribe(MATTER, sink)();
  const { id } = await peer.take('subscribe');
  assert.deepEqual(await peer.take('complete'), { id });
  peer.say('subscribed', { ...live, id, recovered: null, position: 'p' });
  peer.say('next', { channel: 7, version: 1, payload: state('one'), position: 'p' });
  await dealtWith(peer, client);
  assert.deepEqual(sink.told, [['complete', undefined]]);
});

test('disposed of while there is no connection, and while it waits to ask again', async (t) => {
  const { server, socket, client, peer } = await connected(t, { random: () => 1, minDelay: 1e8, maxDelay: 1e8 });
  const one = await standing(peer, client);
  const two = await listening(peer, client);
  peer.say('complete', { id: one.asked.id, code: 'SLOW_CONSUMER', message: 'later', resume: 'p4' });
  await dealtWith(peer, client);
  one.dispose();
  await one.sink.take('complete');
  const closed = once(socket, 'disconnect');
  peer.cut();
  await closed;
  two.dispose();
  two.dispose();
  await two.sink.take('complete');
  const next = await server.peer();
  await dealtWith(next, client);
  assert.equal(next.sent.length, 1);
});

test('disposed of by its own sink, in the middle of what is told', async (t) => {
  const { client, peer } = await connected(t);
  const told = [];
  const one = client.subscribe(EVENTS, { next: () => { told.push('one'); one(); two(); }, error() {}, complete() {} });
  const two = client.subscribe(EVENTS, { next: () => told.push('two'), error() {}, complete() {} });
  await peer.accept(event);
  await peer.accept(event);
  peer.say('next', { channel: 8, event: 'e1', payload: {}, position: 'p1' });
  await peer.take('complete');
  await peer.take('complete');
  assert.deepEqual(told, ['one']);
});

test('a client that is disposed of leaves nothing', async (t) => {
  const { server, socket, client, peer } = await connected(t);
  const { sink, dispose } = await standing(peer, client);
  const before = socket.listeners('next').length;
  assert.throws(() => createClient(socket), /has a client already/);
  peer.say('move', { within: 1 });
  client.dispose();
  client.dispose();
  dispose();
  assert.equal(await peer.left, 'client namespace disconnect');
  await sink.take('complete');
  assert.equal(before, 1);
  for (const name of ['connect', 'connect_error', 'disconnect', 'subscribed', 'next', 'position', 'gap', 'error', 'complete', 'move']) {
    assert.equal(socket.listeners(name).length, 0, name);
  }
  assert.equal(socket.active, false);
  const late = new Kept();
  client.subscribe(MATTER, late);
  assert.match((await late.take('error')).message, /disposed/);
  client.terminate();
  assert.equal(socket.active, false);
  // The socket can have another one.
  const other = createClient(socket);
  other.subscribe(MATTER, new Kept());
  await (await server.peer()).take('subscribe');
  other.dispose();
});

test('what a sink throws is reported, and the others are told', async (t) => {
  const { client, peer } = await connected(t);
  const sink = new Kept();
  client.subscribe(EVENTS, { next() { throw new Error('of the sink'); }, error() {}, complete() {} });
  client.subscribe(EVENTS, sink);
  await peer.accept(event);
  await peer.accept(event);
  const uncaught = once(process, 'uncaughtException');
  // node:test's own listener would fail the test.
  const others = process.listeners('uncaughtException').slice(0, -1);
  for (const other of others) process.off('uncaughtException', other);
  peer.say('next', { channel: 8, event: 'e1', payload: {}, position: 'p1' });
  await sink.take();
  assert.equal((await uncaught)[0].message, 'of the sink');
  for (const other of others) process.on('uncaughtException', other);
});

test('variables that change later are not what was asked for', async (t) => {
  const { server, client, peer } = await connected(t);
  const variables = { id: '1' };
  client.subscribe({ query: 'q', variables }, new Kept());
  await peer.take('subscribe');
  variables.id = '2';
  peer.cut();
  assert.deepEqual((await (await server.peer()).take('subscribe')).payload.variables, { id: '1' });
});

test('iterate: results, the end, an error', async (t) => {
  const { client, peer } = await connected(t);
  const results = client.iterate(EVENTS);
  const { id } = await peer.accept(event);
  peer.say('next', { channel: 8, event: 'e1', payload: { data: 1 }, position: 'p1' });
  peer.say('next', { channel: 8, event: 'e2', payload: { data: 2 }, position: 'p2' });
  const seen = [];
  for await (const result of results) {
    seen.push(result.data);
    if (seen.length === 2) peer.say('complete', { id });
  }
  assert.deepEqual(seen, [1, 2]);
  assert.deepEqual(await results.next(), { value: undefined, done: true });

  const failing = client.iterate(EVENTS);
  const payload = [{ message: 'no', extensions: { code: 'NOT_LIVE' } }];
  peer.say('error', { id: (await peer.take('subscribe')).id, payload });
  await assert.rejects(failing.next(), (error) => assert.deepEqual(error, payload) ?? true);
  assert.deepEqual(await failing.next(), { value: undefined, done: true });
});

test('iterate: ended by the caller, while he waits and in a loop', async (t) => {
  const { client, peer } = await connected(t);
  const waiting = client.iterate(EVENTS);
  const next = waiting.next();
  const { id } = await peer.accept(event);
  assert.deepEqual(await waiting.return('enough'), { value: 'enough', done: true });
  assert.deepEqual(await next, { value: undefined, done: true });
  assert.deepEqual(await peer.take('complete'), { id });

  const looping = client.iterate(EVENTS);
  const asked = await peer.accept(event);
  peer.say('next', { channel: 8, event: 'e1', payload: { data: 1 }, position: 'p1' });
  for await (const result of looping) if (result.data === 1) break;
  assert.deepEqual(await peer.take('complete'), { id: asked.id });
});
