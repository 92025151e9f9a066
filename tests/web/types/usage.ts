// That the client's types are what its users' types want: each line is a claim, and tsc the judge.

import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { createGraphiQLFetcher } from '@graphiql/toolkit';
import { Client as UrqlClient, subscriptionExchange } from '@urql/core';
import type { Client as GraphQLWsClient, Sink as GraphQLWsSink } from 'graphql-ws';
import { type GraphQLResponse, Network, Observable } from 'relay-runtime';
import { io } from 'socket.io-client';

import { applyPatch, type Client, createClient, type Ended, type Result } from '../../../bff/protocol/client/client.js';

const socket = io('/graphql', { transports: ['websocket'], auth: { token: 'dev-1' } });
const client: Client = createClient(socket, { mode: 'full', minDelay: 500, maxDelay: 10_000, remembered: 100, random: () => 0 });

// Where graphql-ws's client is taken, this one is.
export const asGraphQLWs: GraphQLWsClient = client;
export const link = new GraphQLWsLink(client);
export const fetcher = createGraphiQLFetcher({ url: '/graphql', wsClient: client });
export const urql = new UrqlClient({
  url: '/graphql',
  preferGetMethod: false,
  exchanges: [
    subscriptionExchange({
      forwardSubscription: (request) => ({ subscribe: (sink) => ({ unsubscribe: client.subscribe(request, sink) }) }),
    }),
  ],
});
export const network = Network.create(
  () => Promise.reject(new Error('over HTTP')),
  (operation, variables) =>
    Observable.create<GraphQLResponse>((sink) =>
      client.subscribe({ query: operation.text, documentId: operation.id, variables }, sink as GraphQLWsSink),
    ),
);

interface Matter {
  matter: { title: string } | null;
}

const dispose: () => void = client.subscribe<Matter, { recovered?: false }>(
  { documentId: 'MatterPage', variables: { id: '1' } },
  {
    next: ({ data, errors, extensions }) => {
      const title: string | undefined = data?.matter?.title;
      const recovered: false | undefined = extensions?.recovered;
      console.log(title, recovered, errors?.[0]?.extensions?.['code']);
    },
    error: (error: unknown) => console.error(error),
    complete: (ended?: Ended) => console.log(ended?.code),
    gap: () => console.log('missed something'),
  },
);
dispose();

const off: () => void = client.on('connected', (_socket, _payload, wasRetry: boolean) => console.log(wasRetry));
off();
client.on('gap', ({ payload }) => console.log(payload.documentId));
client.on('closed', ({ reason }) => console.log(reason.length));
client.on('ping', () => {});

export async function titles(): Promise<void> {
  for await (const { data } of client.iterate<Matter>({ query: '{ matter { title } }' })) console.log(data?.matter?.title);
  const result: IteratorResult<Result> = await client.iterate({ query: '{ a }' }).next();
  console.log(result.done);
}

// @ts-expect-error a sink needs all three
client.subscribe({ query: '{ a }' }, { next: () => {} });
// @ts-expect-error no such mode
createClient(socket, { mode: 'half' });
// @ts-expect-error no socket
createClient({});
// @ts-expect-error no operation of JSON Patch
applyPatch({}, [{ op: 'merge', path: '/a', value: 1 }]);
client.dispose();
