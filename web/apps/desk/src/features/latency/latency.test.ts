import { describe, expect, it } from 'vitest';
import { milliseconds, slowestFirst } from './useLatency.ts';

const share = (count: number, p95_ms: number) => ({ count, p50_ms: 1, p95_ms, p99_ms: p95_ms });
const row = (name: string, minutes: ReturnType<typeof share>) => ({ name, minutes, hour: share(9, 5) });

describe('response times', () => {
  it('shows what keeps people waiting first, and what was not called not at all', () => {
    const rows = [
      row('GET /b', share(2, 10)),
      row('GET /c', share(0, 0)),
      row('GET /a', share(2, 10)),
      row('GET /d', share(1, 99)),
    ];
    expect(slowestFirst(rows, 'minutes').map((one) => one.name)).toEqual(['GET /d', 'GET /a', 'GET /b']);
    expect(slowestFirst(rows, 'hour')).toHaveLength(4);
  });

  it('is as fine as it matters', () => {
    expect([0.0512, 0.44, 12.34, 1234.9].map((ms) => milliseconds(ms, 'zh-CN'))).toEqual(['0.1', '0.4', '12', '1,235']);
  });
});
