/** The client of the live protocol, version 1: types of client.js. */

/** What of a socket of socket.io-client is used. */
export interface LiveSocket {
  readonly connected: boolean;
  readonly active: boolean;
  readonly io?: {
    /** Whether it connects again by itself; where it does not, the client does. */
    reconnection(): boolean;
    readonly engine?: { readonly readyState: string };
    on(event: 'reconnect_failed', listener: () => void): unknown;
    off(event: 'reconnect_failed', listener: () => void): unknown;
  };
  /** A function is asked at each connection, so that it can give a new token when the one before has expired. */
  auth?: unknown;
  sendBuffer?: unknown[];
  connect(): unknown;
  disconnect(): unknown;
  on(event: string, listener: (...details: any[]) => void): unknown;
  off(event: string, listener: (...details: any[]) => void): unknown;
  emit(event: string, ...details: any[]): unknown;
}

export interface ClientOptions {
  /** Whether the server may send JSON Patches, where these are smaller, or sends each state whole. The sinks see no difference. Default: `patch`. */
  mode?: 'patch' | 'full';
  /** Milliseconds, of which the wait before the first new attempt is a random part. It doubles with each. Default: 1,000. */
  minDelay?: number;
  /** The most that it doubles to; what stood for longer begins with `minDelay` again. Default: 30,000. */
  maxDelay?: number;
  /** How many of a subscription's last events are remembered, so that none is given twice. Default: 1,000. */
  remembered?: number;
  /** Default: `Math.random`. */
  random?: () => number;
}

/** An operation: a document's text, or the id or the name of a registered one. */
export interface SubscribePayload {
  readonly query?: string | null | undefined;
  readonly documentId?: string | null | undefined;
  readonly operationName?: string | null | undefined;
  readonly variables?: Record<string, unknown> | null | undefined;
  readonly extensions?: Record<string, unknown> | null | undefined;
}

export interface FormattedError {
  readonly message: string;
  readonly locations?: ReadonlyArray<{ readonly line: number; readonly column: number }>;
  readonly path?: ReadonlyArray<string | number>;
  readonly extensions?: { [name: string]: unknown };
}

/** `extensions.recovered` is false in the first result after a gap, and else not there. */
export interface Result<Data = Record<string, unknown>, Extensions = Record<string, unknown>> {
  errors?: ReadonlyArray<FormattedError> | undefined;
  data?: Data | null | undefined;
  extensions?: Extensions | undefined;
}

/** Why the server ended a subscription. */
export interface Ended {
  readonly code: string;
  readonly message: string;
}

export interface Sink<T = Result> {
  next(result: T): void;
  /** The subscription is over: with an array of GraphQL errors where the server says why, or with an Error. */
  error(error: unknown): void;
  /** The subscription is over; `ended` where the server ended it with a code, such as `GONE`. */
  complete(ended?: Ended): void;
  /** Something may have been missed between the last result and the next one. */
  gap?(): void;
}

export interface Listeners {
  /** The third: whether there was a connection before. */
  connected: (socket: unknown, payload: undefined, wasRetry: boolean) => void;
  closed: (event: { readonly reason: string }) => void;
  /** Of the connection, or a message that did not fit; nothing is over. */
  error: (error: unknown) => void;
  /** What was asked for, of which something may have been missed. */
  gap: (event: { readonly payload: SubscribePayload }) => void;
}

export interface Client {
  /** Gives the function that ends the subscription. */
  subscribe<Data = Record<string, unknown>, Extensions = Record<string, unknown>>(
    payload: SubscribePayload,
    sink: Sink<Result<Data, Extensions>>,
  ): () => void;
  iterate<Data = Record<string, unknown>, Extensions = Record<string, unknown>>(
    payload: SubscribePayload,
  ): AsyncIterableIterator<Result<Data, Extensions>>;
  /** Gives the function that takes the listener off. */
  on<Event extends keyof Listeners>(event: Event, listener: Listeners[Event]): () => void;
  /** The others of graphql-ws's events do not happen. */
  on(event: string, listener: (...details: any[]) => void): () => void;
  /** Connects anew, at once, also while the next attempt is waited for. A connection that other namespaces use too stays theirs. */
  terminate(): void;
  /** Completes all subscriptions and disconnects the socket. */
  dispose(): void;
}

export function createClient(socket: LiveSocket, options?: ClientOptions): Client;

export type Operation =
  | { readonly op: 'add' | 'replace' | 'test'; readonly path: string; readonly value: unknown }
  | { readonly op: 'remove'; readonly path: string }
  | { readonly op: 'move' | 'copy'; readonly path: string; readonly from: string };

export function applyPatch(document: any, patch: readonly Operation[]): any;

export function keepIdentity(previous: any, next: any): any;
