// When the client does what it does later: on a socket that is none and a clock that stands still.

import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { beforeEach, mock, test } from 'node:test';

import { createClient } from '../../bff/protocol/client/client.js';
import { Kept } from './scripted.mjs';

/** What the client sees of a socket, without any network: a connection stands as soon as it is wanted. */
class DirectSocket extends EventEmitter {
  connected = true;
  active = true;
  sent = [];
  connections = 1;

  constructor(reconnection = true) {
    super();
    this.io = { reconnection: () => reconnection, on() {}, off() {} };
  }

  connect() {
    this.connections += 1;
    this.connected = this.active = true;
    super.emit('connect');
  }

  disconnect() {
    this.active = false;
    if (this.connected) this.lose('io client disconnect');
  }

  lose(reason) {
    this.connected = false;
    // It stays active where it means to have a connection, whoever has to make one.
    if (reason.startsWith('io ')) this.active = false;
    super.emit('disconnect', reason);
  }

  emit(event, message) {
    this.sent.push([event, message]);
  }

  hear(event, message) {
    super.emit(event, message);
  }

  get asked() {
    return this.sent.filter(([event]) => event === 'subscribe').map(([, message]) => message);
  }
}

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ['setTimeout', 'Date'] });
});

/** Milliseconds until `count()` grows. */
function passes(count) {
  const before = count();
  for (let passed = 0; passed <= 100_000; passed += 1) {
    if (count() > before) return passed;
    mock.timers.tick(1);
  }
  throw new Error('nothing happened');
}

function begun({ reconnection, ...options }) {
  const socket = new DirectSocket(reconnection);
  const client = createClient(socket, options);
  const sink = new Kept();
  client.subscribe({ query: 'q' }, sink);
  return { socket, client, sink };
}

test('a subscription is asked again after a random part of a wait that doubles up to a bound', () => {
  let part = 1;
  const { socket } = begun({ random: () => part });
  const refuse = () => {
    const payload = [{ message: 'no', extensions: { code: 'OVERLOADED' } }];
    socket.hear('error', { id: socket.asked.at(-1).id, payload });
    return passes(() => socket.asked.length);
  };
  assert.deepEqual(Array.from({ length: 7 }, refuse), [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  part = 0.5;
  assert.equal(refuse(), 15_000);
  part = 0;
  assert.ok(refuse() <= 1);
});

test('what stood for long is asked again soon', () => {
  const { socket } = begun({ random: () => 1 });
  const stand = () => {
    const { id } = socket.asked.at(-1);
    socket.hear('subscribed', { id, channel: 1, kind: 'event', recovered: null, position: 'p' });
    return id;
  };
  const end = () => {
    socket.hear('complete', { id: stand(), code: 'SLOW_CONSUMER', message: '', resume: 'p' });
    return passes(() => socket.asked.length);
  };
  assert.deepEqual([end(), end(), end()], [1_000, 2_000, 4_000]);
  stand();
  mock.timers.tick(30_001);
  const { id } = socket.asked.at(-1);
  socket.hear('complete', { id, code: 'SLOW_CONSUMER', message: '', resume: 'p' });
  assert.equal(passes(() => socket.asked.length), 1_000);
});

test('a server that disconnects is given time, the more the oftener', () => {
  const { socket } = begun({ random: () => 1 });
  const drop = () => {
    socket.lose('io server disconnect');
    return passes(() => socket.connections);
  };
  assert.deepEqual([drop(), drop(), drop()], [1_000, 2_000, 4_000]);
  mock.timers.tick(30_001);
  assert.equal(drop(), 1_000);
  assert.equal(socket.asked.length, 5);
});

test('a node that stops is left after a random part of the time it gives', () => {
  const { socket } = begun({ random: () => 0.25 });
  socket.hear('move', { within: 4_000 });
  socket.hear('move', { within: 4_000 });
  assert.equal(passes(() => socket.connections), 1_000);
  assert.equal(socket.asked.length, 2);
  mock.timers.tick(100_000);
  assert.equal(socket.connections, 2);
});

test('a socket that does not reconnect is connected anew, after waits of the same kind', () => {
  const { socket } = begun({ random: () => 1, reconnection: false });
  const lose = () => {
    socket.lose('transport close');
    return passes(() => socket.connections);
  };
  assert.deepEqual([lose(), lose()], [1_000, 2_000]);
  socket.connected = false;
  socket.hear('connect_error', new Error('unreachable'));
  assert.equal(passes(() => socket.connections), 4_000);
  assert.equal(socket.asked.length, 4);
});

test('a host that disconnects while it is waited to connect says himself when to', () => {
  for (const intend of [
    (socket) => socket.lose('transport close'),
    (socket) => socket.hear('move', { within: 1_000 }),
  ]) {
    const { socket } = begun({ random: () => 1, reconnection: false });
    intend(socket);
    socket.disconnect();
    mock.timers.tick(100_000);
    assert.equal(socket.connections, 1);
  }
});

test('a connection that is lost while its client means to move is connected anew once', () => {
  for (const [reason, connections] of [['io server disconnect', 2], ['transport close', 1]]) {
    const { socket } = begun({ random: () => 0.25 });
    socket.hear('move', { within: 4_000 });
    socket.lose(reason);
    mock.timers.tick(100_000);
    // After the latter it is the socket that connects, not the client.
    assert.equal(socket.connections, connections);
  }
});

test('what waits is not asked by a new connection, and not at all when it is over', () => {
  const { socket, client } = begun({ random: () => 1 });
  socket.hear('error', { id: socket.asked[0].id, payload: [{ message: 'no', extensions: { code: 'OVERLOADED' } }] });
  socket.lose('io server disconnect');
  mock.timers.tick(999);
  socket.connect();
  assert.equal(socket.asked.length, 1);
  mock.timers.tick(1);
  assert.equal(socket.asked.length, 2);
  socket.hear('error', { id: socket.asked[1].id, payload: [{ message: 'no', extensions: { code: 'OVERLOADED' } }] });
  client.dispose();
  mock.timers.tick(100_000);
  assert.equal(socket.asked.length, 2);
  assert.equal(socket.connections, 2);
});

test('a wait that ends while there is no connection ends in nothing; the connection asks', () => {
  const { socket } = begun({ random: () => 1 });
  socket.hear('error', { id: socket.asked[0].id, payload: [{ message: 'no', extensions: { code: 'OVERLOADED' } }] });
  socket.lose('transport close');
  mock.timers.tick(1_000);
  assert.equal(socket.asked.length, 1);
  socket.connect();
  assert.equal(socket.asked.length, 2);
});

test('what was for one connection is not sent on the next', () => {
  const { socket } = begun({ random: () => 1 });
  // As socket.io-client keeps what is sent while its heartbeat has been missed.
  socket.sendBuffer = [socket.asked[0]];
  socket.lose('ping timeout');
  assert.deepEqual(socket.sendBuffer, []);
});

test('the default is random', () => {
  const waits = new Set();
  for (let time = 0; time < 20; time += 1) {
    const { socket } = begun({});
    socket.hear('move', { within: 10_000 });
    waits.add(passes(() => socket.connections));
  }
  assert.ok(waits.size > 10, `${[...waits]}`);
  assert.ok(Math.max(...waits) <= 10_000);
});
