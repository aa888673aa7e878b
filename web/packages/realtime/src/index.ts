export { CallError, Stop } from './call.ts';
export { RealtimeClient, type RealtimeOptions } from './client.ts';
export { browserEnvironment, type ChannelLike, type Environment, type SocketLike } from './environment.ts';
export { UNBORN } from './outbox.ts';
export { indexedStorage, memoryStorage, type OutboxStorage } from './storage.ts';
export * from './view.ts';
export * from './wire.ts';
