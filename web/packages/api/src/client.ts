import createClient, { type Client, type Middleware } from 'openapi-fetch';
import { ApiError } from './error.ts';
import type { paths } from './schema.d.ts';

export type Api = Client<paths>;

export interface ApiOptions {
  /** Origin of the server; the page's own by default. */
  readonly baseUrl?: string;
  /** Which program calls, e.g. `desk`. Any value keeps forms of other sites out. */
  readonly client: string;
  readonly locale: () => string;
  readonly fetch?: (request: Request) => Promise<Response>;
  /** A sensitive call wants a proof that it is still the same person. `true`: it was given, make the call again. */
  readonly onStepUp?: () => Promise<boolean>;
  /** The session is over; told before the call itself fails. */
  readonly onUnauthorised?: (error: ApiError) => void;
}

export function createApi(options: ApiOptions): Api {
  const api = createClient<paths>({ baseUrl: options.baseUrl, fetch: proving(options), credentials: 'same-origin' });
  api.use(headers(options), failures(options));
  return api;
}

/** Makes a call again, key and body the same, once the person has shown that it is them. */
function proving({ fetch = (request) => globalThis.fetch(request), onStepUp }: ApiOptions): ApiOptions['fetch'] {
  if (!onStepUp) return fetch;
  return async (request) => {
    const again = request.clone();
    const response = await fetch(request);
    if (response.status !== 403) return response;
    const body: unknown = await response
      .clone()
      .json()
      .catch(() => undefined); // a proxy's 403 carries no problem
    const asked = ApiError.from(403, body).code === 'step_up_required';
    return asked && (await onStepUp()) ? fetch(again) : response;
  };
}

function headers(options: ApiOptions): Middleware {
  return {
    onRequest({ request }) {
      request.headers.set('X-Yingda-Client', options.client);
      request.headers.set('Accept-Language', options.locale());
      // A caller that tries again passes its own key, so that the second try is the same call.
      if (request.method === 'POST' && !request.headers.has('Idempotency-Key')) {
        request.headers.set('Idempotency-Key', randomKey());
      }
      return request;
    },
  };
}

function failures(options: ApiOptions): Middleware {
  return {
    onError({ error }) {
      return error instanceof DOMException && error.name === 'AbortError' ? error : ApiError.network(error);
    },
    async onResponse({ response }) {
      if (response.status !== 401 || !options.onUnauthorised) return undefined;
      const body: unknown = await response
        .clone()
        .json()
        .catch(() => undefined); // a proxy's 401 carries no problem
      options.onUnauthorised(ApiError.from(401, body));
      return undefined;
    },
  };
}

/** `crypto.randomUUID` is missing on plain http in a LAN; random bytes are not. */
export function randomKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
