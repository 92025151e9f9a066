// The live client and other people's clients over it, against Briefcase as it is served. SITE is its address.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { test } from 'node:test';
import { io } from 'socket.io-client';

import { createClient } from '../../bff/protocol/client/client.js';
import { LIBRARIES, WATCHED_QUERIES } from './libraries.mjs';
import { Kept } from './scripted.mjs';

const { SITE } = process.env;
const MATTER = '1';
const FIELDS = 'matter(id: $id) { id title tasks { id title } }';
const SUBSCRIPTION = { query: `subscription Followed($id: ID!) { ${FIELDS} }`, variables: { id: MATTER } };
const QUERY = { query: `query Followed($id: ID!) @live { ${FIELDS} }`, variables: { id: MATTER } };
const COMMENTS = { documentId: 'CommentAdded', variables: { matterId: MATTER } };

function connect(test, { auth = { token: 'dev-1' }, site = SITE, ...options } = {}) {
  const quick = { reconnectionDelay: 10, reconnectionDelayMax: 10, forceNew: true };
  const socket = io(`${site}/graphql`, { transports: ['websocket'], auth, ...quick });
  const client = createClient(socket, { random: () => 0, ...options });
  test.after(() => client.dispose());
  return { socket, client };
}

/** Over HTTP, as another client would. */
async function ask(query, variables = {}) {
  const headers = { 'Content-Type': 'application/json', Authorization: 'Bearer dev-1' };
  const body = JSON.stringify({ query, variables });
  const { data, errors } = await (await fetch(`${SITE}/graphql`, { method: 'POST', headers, body })).json();
  assert.equal(errors, undefined, JSON.stringify(errors));
  const [payload] = Object.values(data);
  assert.deepEqual(payload.errors ?? [], []);
  return data;
}

async function rename(taskId, title) {
  const mutation = 'mutation ($input: UpdateTaskInput!) { updateTask(input: $input) { errors { message } } }';
  await ask(mutation, { input: { taskId, title } });
}

async function comment(taskId, body) {
  const mutation = 'mutation ($input: AddCommentInput!) { addComment(input: $input) { errors { message } } }';
  await ask(mutation, { input: { taskId, body } });
}

const { matter } = await ask(`query ($id: ID!) { ${FIELDS} }`, { id: MATTER });
const [task, other] = matter.tasks;

/** The first result in which the task has this title. */
async function titled(kept, title) {
  for (;;) {
    const result = await kept.take();
    if (result.data.matter.tasks.find((it) => it.id === task.id).title === title) return result;
  }
}

for (const [name, watch] of Object.entries(LIBRARIES)) {
  test(`${name}: a mutation over HTTP is seen`, async (t) => {
    const { client } = connect(t);
    const { kept, stop } = watch(client, SUBSCRIPTION);
    assert.equal((await kept.take()).data.matter.title, matter.title);
    await rename(task.id, `${name} was here`);
    await titled(kept, `${name} was here`);
    await stop();
  });
}

for (const [name, watch] of Object.entries(WATCHED_QUERIES)) {
  test(`${name}: a query with @live sees a mutation over HTTP`, async (t) => {
    const { client } = connect(t);
    const { kept, stop } = watch(client, QUERY);
    await kept.take();
    await rename(task.id, `${name} asked here`);
    await titled(kept, `${name} asked here`);
    stop();
  });
}

test('a registered page; its patches leave the rest as it is', async (t) => {
  const { socket, client } = connect(t);
  const messages = [];
  socket.on('next', (message) => messages.push(message));
  const kept = new Kept();
  client.subscribe({ documentId: 'MatterPage', variables: { id: MATTER } }, kept);
  const first = await kept.take();
  await rename(task.id, 'patched');
  const second = await titled(kept, 'patched');
  const find = ({ data }, { id }) => data.matter.tasks.find((it) => it.id === id);
  assert.equal(find(second, other), find(first, other));
  assert.notEqual(find(second, task), find(first, task));
  assert.ok(messages.at(-1).patch.length > 0);
});

test('the same in full mode', async (t) => {
  const { socket, client } = connect(t, { mode: 'full' });
  const messages = [];
  socket.on('next', (message) => messages.push(message));
  const kept = new Kept();
  client.subscribe(SUBSCRIPTION, kept);
  const first = await kept.take();
  await rename(task.id, 'in full');
  const second = await titled(kept, 'in full');
  assert.equal(second.data.matter.tasks.find((it) => it.id === other.id), first.data.matter.tasks.find((it) => it.id === other.id));
  assert.deepEqual([...new Set(messages.map((it) => it.patch))], [undefined]);
});

test('what happens while there is no connection is seen after it: events once and in order, states as they are', async (t) => {
  const { socket, client } = connect(t);
  const [events, again, states, still] = [new Kept(), new Kept(), new Kept(), new Kept()];
  client.subscribe(COMMENTS, events);
  client.subscribe(SUBSCRIPTION, states);
  client.subscribe({ query: 'subscription { viewer { id name } }' }, still);
  await states.take();
  await still.take();
  const next = async (kept) => (await kept.take()).data.commentAdded.body;
  await comment(task.id, 'one');
  assert.equal(await next(events), 'one');
  // A second one joins the channel later, and has its own place in it.
  client.subscribe(COMMENTS, again);
  await new Promise((resolve) => socket.once('subscribed', resolve));
  await comment(other.id, 'two');
  assert.equal(await next(events), 'two');
  assert.equal(await next(again), 'two');

  const answers = [];
  socket.on('subscribed', (message) => answers.push(message));
  socket.disconnect();
  await comment(task.id, 'three');
  await comment(other.id, 'four');
  await rename(task.id, 'meanwhile');
  socket.connect();
  for (const kept of [events, again]) {
    assert.equal(await next(kept), 'three');
    assert.equal(await next(kept), 'four');
  }
  await titled(states, 'meanwhile');
  await comment(task.id, 'five');
  for (const kept of [events, again]) assert.equal(await next(kept), 'five');
  assert.deepEqual(answers.map((it) => it.recovered), [true, true, true, true]);
  // Unchanged, so nothing was sent: the state that the client has is the newest.
  const [{ version }] = answers.filter((it) => 'version' in it);
  assert.equal(typeof version, 'number');
  assert.equal(still.told.length, 1);
  assert.deepEqual([...events.told, ...again.told, ...states.told].filter(([what]) => what !== 'next'), []);
});

/** A way to the site that can be cut: `{ site, cut }`. */
async function fragile(test) {
  const { hostname, port } = new URL(SITE);
  const open = new Set();
  const server = net.createServer((socket) => {
    const onwards = net.connect(Number(port), hostname);
    for (const [one, other] of [[socket, onwards], [onwards, socket]]) {
      open.add(one);
      one.pipe(other);
      one.on('error', () => {});
      one.on('close', () => { open.delete(one); other.destroy(); });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = () => open.forEach((socket) => socket.destroy());
  test.after(() => { server.close(); cut(); });
  return { site: `http://127.0.0.1:${server.address().port}`, cut };
}

test('a network that breaks again and again: events once and in order, and the state is right in the end', async (t) => {
  const { site, cut } = await fragile(t);
  const { socket, client } = connect(t, { site });
  const [events, states] = [new Kept(), new Kept()];
  client.subscribe(COMMENTS, events);
  client.subscribe(SUBSCRIPTION, states);
  await states.take();
  let cuts = 0;
  socket.on('disconnect', () => { cuts += 1; });
  const wanted = Array.from({ length: 24 }, (_, number) => `storm ${number}`);
  for (const [number, body] of wanted.entries()) {
    await comment(task.id, body);
    await rename(task.id, body);
    // While it is connected, and while it comes back.
    if (number % 3 !== 0) cut();
  }
  const came = [];
  while (came.length < wanted.length) came.push((await events.take()).data.commentAdded.body);
  assert.deepEqual(came, wanted);
  await titled(states, wanted.at(-1));
  assert.ok(cuts > 3, `${cuts} cuts`);
  assert.deepEqual([...events.told, ...states.told].filter(([what]) => what !== 'next'), []);
  assert.equal(events.results.length, wanted.length);
});

test('who is nobody, what is not live, what is not there', async (t) => {
  const nobody = new Kept();
  connect(t, { auth: null }).client.subscribe(SUBSCRIPTION, nobody);
  assert.equal((await nobody.take('error'))[0].extensions.code, 'UNAUTHENTICATED');
  const { client } = connect(t);
  const still = new Kept();
  client.subscribe({ query: `query ($id: ID!) { ${FIELDS} }`, variables: { id: MATTER } }, still);
  assert.equal((await still.take('error'))[0].extensions.code, 'NOT_LIVE');
  const wrong = new Kept();
  client.subscribe({ query: 'subscription { nothing }' }, wrong);
  assert.equal((await wrong.take('error'))[0].extensions.code, 'VALIDATION_FAILED');
});

test('rows that are not the viewer\'s tell nothing of themselves', async (t) => {
  const { client } = connect(t);
  const kept = new Kept();
  client.subscribe({ query: `subscription ($id: ID!) { ${FIELDS} }`, variables: { id: '999999999' } }, kept);
  assert.deepEqual((await kept.take()).data, { matter: null });
});

test('presence: who comes and who goes', async (t) => {
  const one = connect(t);
  const { matter: { lead, members } } = await ask('query ($id: ID!) { matter(id: $id) { lead { id } members { user { id } } } }', { id: MATTER });
  const other = [lead.id, ...members.map((it) => it.user.id)].find((id) => id !== '1');
  const two = connect(t, { auth: { token: `dev-${other}` } });
  const kept = new Kept();
  const payload = { documentId: 'Presence', variables: { matterId: MATTER } };
  const present = async (...wanted) => {
    for (;;) {
      const ids = (await kept.take()).data.presenceChanged.map((it) => it.id).sort();
      if (String(ids) === String(wanted)) return;
    }
  };
  one.client.subscribe(payload, kept);
  await present('1');
  const leave = two.client.subscribe(payload, new Kept());
  await present(...['1', other].sort());
  leave();
  await present('1');
});
