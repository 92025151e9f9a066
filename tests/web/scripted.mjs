// A Socket.IO server that says what a test has it say, and a sink that keeps what it is given. Nothing here waits by the clock:
// what has not happened yet is awaited.

import { createServer } from 'node:http';
import { Server } from 'socket.io';
import { io } from 'socket.io-client';

import { createClient } from '../../bff/protocol/client/client.js';

/** A queue whose `take` waits. */
class Queue {
  items = [];
  takers = [];

  put(item) {
    const taker = this.takers.shift();
    if (taker) taker(item);
    else this.items.push(item);
  }

  async take() {
    return this.items.length > 0 ? this.items.shift() : new Promise((resolve) => this.takers.push(resolve));
  }
}

/** One connection, from the server's side. */
class Peer {
  sent = [];
  messages = new Queue();
  left = new Promise((resolve) => { this.leave = resolve; });

  constructor(socket) {
    this.socket = socket;
    this.auth = socket.handshake.auth;
    socket.onAny((event, message, ...more) => {
      if (more.length > 0) throw new Error(`${event} has more than one argument`);
      this.sent.push([event, message]);
      this.messages.put([event, message]);
    });
    socket.on('disconnect', (reason) => this.leave(reason));
  }

  /** The next message of the client, which must be this event. */
  async take(event) {
    const [name, message] = await this.messages.take();
    if (name !== event) throw new Error(`${name} ${JSON.stringify(message)} in place of ${event}`);
    return message;
  }

  say(event, message) {
    this.socket.emit(event, message);
  }

  /** Answer the next `subscribe`; gives it. */
  async accept(fields) {
    const asked = await this.take('subscribe');
    this.say('subscribed', { id: asked.id, recovered: null, position: 'p0', ...fields });
    return asked;
  }

  /** As a network that breaks. */
  cut() {
    this.socket.conn.close();
  }
}

/** `scripted(test)` gives a server that ends with the test. `refuse(auth)` gives the error of a connection that it refuses. */
export async function scripted(test, { refuse = () => undefined } = {}) {
  const http = createServer();
  const server = new Server(http, { transports: ['websocket'], serveClient: false });
  const peers = new Queue();
  server.of('/graphql').use((socket, next) => {
    const data = refuse(socket.handshake.auth);
    next(data && Object.assign(new Error('refused'), { data }));
  });
  server.of('/graphql').on('connection', (socket) => peers.put(new Peer(socket)));
  await new Promise((resolve) => http.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${http.address().port}`;
  test.after(() => server.close());
  return {
    url,
    peer: () => peers.take(),
    socket: (options) => {
      const quick = { reconnectionDelay: 1, reconnectionDelayMax: 1, randomizationFactor: 0 };
      const socket = io(`${url}/graphql`, { transports: ['websocket'], forceNew: true, ...quick, ...options });
      test.after(() => socket.disconnect());
      return socket;
    },
  };
}

/** Client and server, connected; nothing is waited for by the clock, since a random part of any delay is 0. */
export async function connected(test, { socket: socketOptions, ...options } = {}) {
  const server = await scripted(test);
  const socket = server.socket(socketOptions);
  const client = createClient(socket, { random: () => 0, ...options });
  test.after(() => client.dispose());
  const peer = await server.peer();
  if (!socket.connected) await new Promise((resolve) => socket.once('connect', resolve));
  return { server, socket, client, peer };
}

/** A sink that keeps all it is told, as `[what, value]`. */
export class Kept {
  told = [];
  queue = new Queue();

  next = (result) => this.put('next', result);
  error = (error) => this.put('error', error);
  complete = (ended) => this.put('complete', ended);
  gap = () => this.put('gap', undefined);

  put(what, value) {
    this.told.push([what, value]);
    this.queue.put([what, value]);
  }

  /** What comes next, which must be of this kind. */
  async take(what = 'next') {
    const [name, value] = await this.queue.take();
    if (name !== what) throw new Error(`${name} ${JSON.stringify(value)} in place of ${what}`);
    return value;
  }

  get results() {
    return this.told.filter(([what]) => what === 'next').map(([, value]) => value);
  }
}

/** Freezes a document all the way down: whoever changes it throws. */
export function frozen(document) {
  if (typeof document === 'object' && document !== null) Object.values(Object.freeze(document)).forEach(frozen);
  return document;
}
