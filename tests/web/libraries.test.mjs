// Other people's GraphQL clients over the live client, against a scripted server.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { LIBRARIES, WATCHED_QUERIES } from './libraries.mjs';
import { connected } from './scripted.mjs';

const QUERY = 'subscription Matter($id: ID!) { matter(id: $id) { id title notes } }';
const LIVE_QUERY = 'query Matter($id: ID!) @live { matter(id: $id) { id title notes } }';
const state = (title) => ({ data: { matter: { id: '1', title, notes: ['a'] } } });

const squeezed = (text) => text.replaceAll(/\s+/g, ' ').trim();
/** Without what a cache adds. */
const bare = ({ data: { matter: { id, title, notes } } }) => ({ data: { matter: { id, title, notes } } });

/** That a promise is rejected which nobody has is no failure of this test. */
function allowRejections(t) {
  const strict = process.listeners('unhandledRejection');
  for (const listener of strict) process.off('unhandledRejection', listener);
  const lenient = () => {};
  process.on('unhandledRejection', lenient);
  t.after(() => {
    process.off('unhandledRejection', lenient);
    for (const listener of strict) process.on('unhandledRejection', listener);
  });
}

for (const [name, watch] of Object.entries(LIBRARIES)) {
  test(`${name}: states, a patch, a cut, and the end by who watches`, async (t) => {
    const { server, client, peer } = await connected(t);
    const { kept, stop } = watch(client, { query: QUERY, variables: { id: '1' } });
    const { payload } = await peer.accept({ channel: 7, kind: 'live' });
    assert.deepEqual(payload.variables, { id: '1' });
    assert.match(squeezed(payload.query), /^subscription Matter\(\$id: ID!\) \{ matter\(id: \$id\) \{ id title notes/);
    peer.say('next', { channel: 7, version: 1, payload: state('one'), position: 'p1' });
    assert.deepEqual(bare(await kept.take()), state('one'));
    peer.say('next', { channel: 7, version: 2, patch: [{ op: 'replace', path: '/data/matter/title', value: 'two' }], position: 'p2' });
    assert.deepEqual(bare(await kept.take()), state('two'));
    peer.cut();
    const next = await server.peer();
    const { id, resume } = await next.accept({ channel: 1, kind: 'live', recovered: true });
    assert.equal(resume, 'p2');
    next.say('next', { channel: 1, version: 1, payload: state('three'), position: 'p3' });
    assert.deepEqual(bare(await kept.take()), state('three'));
    await stop();
    assert.deepEqual(await next.take('complete'), { id });
  });

  test(`${name}: errors, and the end by the server`, async (t) => {
    // GraphiQL's toolkit rejects a promise of its own besides the one that it gives, whatever the client.
    if (name === 'graphiql') allowRejections(t);
    const { client, peer } = await connected(t);
    const failing = watch(client, { query: QUERY, variables: { id: '1' } });
    const errors = [{ message: 'no', extensions: { code: 'NOT_LIVE' } }];
    peer.say('error', { id: (await peer.take('subscribe')).id, payload: errors });
    const error = await failing.kept.take('error');
    assert.deepEqual(JSON.parse(JSON.stringify(error.errors ?? error)), errors);

    const { kept } = watch(client, { query: QUERY, variables: { id: '1' } });
    const { id } = await peer.accept({ channel: 7, kind: 'live' });
    peer.say('next', { channel: 7, version: 1, payload: state('one'), position: 'p1' });
    await kept.take();
    peer.say('complete', { id, code: 'GONE', message: 'not there' });
    // urql tells nobody of an end.
    if (name !== 'urql') await kept.take('complete');
  });
}

for (const [name, watch] of Object.entries(WATCHED_QUERIES)) {
  test(`${name}: a query with @live stays answered`, async (t) => {
    const { client, peer } = await connected(t);
    const { kept, stop } = watch(client, { query: LIVE_QUERY, variables: { id: '1' } });
    const { id, payload } = await peer.accept({ channel: 7, kind: 'live' });
    assert.match(squeezed(payload.query), /^query Matter\(\$id: ID!\) @live \{/);
    peer.say('next', { channel: 7, version: 1, payload: state('one'), position: 'p1' });
    assert.deepEqual(bare(await kept.take()), state('one'));
    peer.say('next', { channel: 7, version: 2, patch: [{ op: 'replace', path: '/data/matter/title', value: 'two' }], position: 'p2' });
    assert.deepEqual(bare(await kept.take()), state('two'));
    stop();
    assert.deepEqual(await peer.take('complete'), { id });
  });
}
