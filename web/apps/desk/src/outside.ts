import type { Api, Me } from '@yingda/api';
import type { RealtimeClient } from '@yingda/realtime';
import { type InjectionKey, inject } from 'vue';

/** What the desk uses of the live connection. */
export type Link = Pick<
  RealtimeClient,
  | 'sync'
  | 'skew'
  | 'start'
  | 'stop'
  | 'on'
  | 'inbox'
  | 'conversation'
  | 'thread'
  | 'adopt'
  | 'open'
  | 'leave'
  | 'loadOlder'
  | 'send'
  | 'retry'
  | 'discard'
  | 'outgoing'
  | 'typing'
  | 'markRead'
  | 'presence'
  | 'retryNow'
>;
export type Connect = (me: Me, locale: string) => Link;

export const apiKey: InjectionKey<Api> = Symbol('api');
export const connectKey: InjectionKey<Connect> = Symbol('connect');

export function useApi(): Api {
  return provided(apiKey);
}

export function useConnect(): Connect {
  return provided(connectKey);
}

function provided<T>(key: InjectionKey<T>): T {
  const value = inject(key);
  if (!value) throw new Error(`the desk was created without ${String(key.description)}`);
  return value;
}
