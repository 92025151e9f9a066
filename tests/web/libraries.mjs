// The live client as others use it: Apollo Client, urql, Relay, GraphiQL and an iteration, each of them unmodified. Every one is
// `watch(client, {query, variables})`, which gives a function for what comes next and one that ends it.

import { ApolloClient, ApolloLink, gql, InMemoryCache } from '@apollo/client';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { createGraphiQLFetcher } from '@graphiql/toolkit';
import { createClient as createUrqlClient, gql as urqlGql, subscriptionExchange } from '@urql/core';
import { parse } from 'graphql';
import relay from 'relay-runtime';

import { Kept } from './scripted.mjs';

// Browsers have these, not all Nodes: GraphiQL's toolkit and Apollo's link ask whether an error is of a WebSocket.
globalThis.CloseEvent ??= class CloseEvent extends Event {};
globalThis.WebSocket ??= class WebSocket { static CLOSED = 3; };

function plain(client, payload) {
  const kept = new Kept();
  return { kept, stop: client.subscribe(payload, kept) };
}

function apollo(client, { query, variables }) {
  const kept = new Kept();
  const apolloClient = new ApolloClient({ link: new GraphQLWsLink(client), cache: new InMemoryCache() });
  const subscription = apolloClient.subscribe({ query: gql(query), variables }).subscribe({
    next: ({ data, error }) => (error ? kept.error(error.errors) : kept.next({ data })),
    error: (error) => kept.error(error),
    complete: () => kept.complete(),
  });
  return { kept, stop: () => subscription.unsubscribe() };
}

function urql(client, { query, variables }) {
  const kept = new Kept();
  const forwardSubscription = (request) => ({
    subscribe: (sink) => ({ unsubscribe: client.subscribe(request, sink) }),
  });
  const exchanges = [subscriptionExchange({ forwardSubscription })];
  const urqlClient = createUrqlClient({ url: 'http://127.0.0.1:1/graphql', exchanges, preferGetMethod: false });
  const { unsubscribe } = urqlClient.subscription(urqlGql(query), variables ?? {}).subscribe(({ data, error }) => {
    if (error) kept.error(error.graphQLErrors.map(({ message, extensions }) => ({ message, extensions })));
    else kept.next({ data });
  });
  return { kept, stop: unsubscribe };
}

function relayRuntime(client, { query, variables }) {
  const kept = new Kept();
  const { Environment, Network, Observable, RecordSource, Store } = relay;
  const subscribe = ({ text, id }, variables) =>
    Observable.create((sink) => client.subscribe({ query: text, documentId: id, variables }, sink));
  const network = Network.create(() => { throw new Error('not over HTTP'); }, subscribe);
  const environment = new Environment({ network, store: new Store(new RecordSource()) });
  const name = /\w+ (\w+)/.exec(query)[1];
  const params = { operationKind: 'subscription', name, text: query, id: null, cacheID: name, metadata: {} };
  const subscription = environment.getNetwork().execute(params, variables ?? {}, {}).subscribe({
    next: (result) => kept.next(result),
    error: (error) => kept.error(error),
    complete: () => kept.complete(),
  });
  return { kept, stop: () => subscription.unsubscribe() };
}

function graphiql(client, payload) {
  const fetcher = createGraphiQLFetcher({ url: 'http://127.0.0.1:1/graphql', fetch, wsClient: client });
  const operationName = /\w+ (\w+)/.exec(payload.query)[1];
  const promise = fetcher({ ...payload, operationName }, { documentAST: parse(payload.query) });
  return iteration(promise);
}

function iterated(client, payload) {
  return iteration(Promise.resolve(client.iterate(payload)));
}

function iteration(promise) {
  const kept = new Kept();
  (async () => {
    try {
      for await (const result of await promise) kept.next(result);
      kept.complete();
    } catch (error) {
      kept.error(error);
    }
  })();
  return { kept, stop: async () => (await promise).return() };
}

export const LIBRARIES = { plain, apollo, urql, relay: relayRuntime, graphiql, iterate: iterated };

/** Apollo's and urql's watched queries: with `@live` they go over the socket, and stay answered. */
export const WATCHED_QUERIES = {
  apollo(client, { query, variables }) {
    const kept = new Kept();
    const isLive = ({ query: { definitions } }) =>
      definitions.some(({ kind, directives }) => kind === 'OperationDefinition' && directives.some((it) => it.name.value === 'live'));
    const elsewhere = new ApolloLink(() => { throw new Error('not over HTTP'); });
    const link = ApolloLink.split(isLive, new GraphQLWsLink(client), elsewhere);
    const apolloClient = new ApolloClient({ link, cache: new InMemoryCache() });
    const subscription = apolloClient.watchQuery({ query: gql(query), variables }).subscribe({
      next: ({ data, loading }) => !loading && kept.next({ data }),
      error: kept.error,
    });
    return { kept, stop: () => subscription.unsubscribe() };
  },

  urql(client, { query, variables }) {
    const kept = new Kept();
    const forwardSubscription = (request) => ({
      subscribe: (sink) => ({ unsubscribe: client.subscribe(request, sink) }),
    });
    const isSubscriptionOperation = ({ query: { definitions } }) =>
      definitions.some(({ kind, directives }) => kind === 'OperationDefinition' && directives.some((it) => it.name.value === 'live'));
    const exchanges = [subscriptionExchange({ forwardSubscription, isSubscriptionOperation })];
    const urqlClient = createUrqlClient({ url: 'http://127.0.0.1:1/graphql', exchanges, preferGetMethod: false });
    const { unsubscribe } = urqlClient.query(urqlGql(query), variables ?? {}).subscribe(({ data, error }) => {
      if (error) kept.error(error);
      else kept.next({ data });
    });
    return { kept, stop: unsubscribe };
  },
};
