export { type Api, type ApiOptions, createApi } from './client.ts';
export { ApiError, answer } from './error.ts';
export type * from './types.ts';
