import type { Environment } from './environment.ts';

/** Throw it from `token` when coming back makes no sense (logged out, blocked): the client goes to `stopped` with this reason. */
export class Stop extends Error {
  constructor(readonly reason: string) {
    super(reason);
  }
}

/** The problem document (RFC 9457) of a refused call; `code` is "network" when no answer came. */
export class CallError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail?: string,
    readonly problem: Readonly<Record<string, unknown>> = {},
  ) {
    super(detail ?? code);
  }
}

const text = (value: unknown) => (typeof value === 'string' ? value : undefined);

async function problemOf(response: Response): Promise<CallError> {
  let problem: Record<string, unknown> = {};
  if (response.headers.get('content-type')?.includes('json')) {
    problem = (await response.json().catch(() => ({}))) as Record<string, unknown>;
  }
  return new CallError(
    response.status,
    text(problem.code) ?? `http_${response.status}`,
    text(problem.detail) ?? text(problem.title),
    problem,
  );
}

/** Fetches JSON within `timeout`; anything but 2xx is a CallError. */
export async function fetchJson<T>(env: Environment, url: string, init: RequestInit, timeout = 15_000): Promise<T> {
  const late = new AbortController();
  const timer = env.setTimeout(() => late.abort(), timeout);
  const signal = init.signal ? AbortSignal.any([init.signal, late.signal]) : late.signal;
  try {
    const response = await env.fetch(url, { ...init, signal }).catch((cause: unknown) => {
      throw new CallError(0, 'network', String(cause));
    });
    if (!response.ok) throw await problemOf(response);
    return (response.status === 204 ? undefined : await response.json()) as T;
  } finally {
    env.clearTimeout(timer);
  }
}

/** 96 random bits in the alphabet of client ids. */
export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return [...bytes].map((byte) => byte.toString(36).padStart(2, '0')).join('');
}
