/** A refused or failed call. `code` is stable and what callers branch on; `title` is in the reader's language. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly title: string,
    /** What else the server said about it: an owner, a stored draft, a limit. */
    readonly details: Readonly<Record<string, unknown>> = {},
  ) {
    super(`${code}: ${title}`);
    this.name = 'ApiError';
  }

  /** No answer came: the call may or may not have been carried out. */
  get isNetwork(): boolean {
    return this.code === 'network';
  }

  static network(cause: unknown): ApiError {
    const error = new ApiError(0, 'network', '');
    error.cause = cause;
    return error;
  }

  /** Reads an RFC 9457 problem document. A proxy in between may answer something else; then the status is the code. */
  static from(status: number, body: unknown): ApiError {
    if (!isRecord(body)) return new ApiError(status, `http_${status}`, '');
    const problem = body;
    const code = typeof problem.code === 'string' ? problem.code : `http_${status}`;
    const title = typeof problem.title === 'string' ? problem.title : '';
    return new ApiError(status, code, title, isRecord(problem.details) ? problem.details : {});
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

interface Answered<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** The body of a successful call; everything else is thrown as ApiError. */
export async function answer<T>(call: Promise<Answered<T>>): Promise<T> {
  const { data, error, response } = await call;
  if (!response.ok) throw ApiError.from(response.status, error);
  return data as T;
}
