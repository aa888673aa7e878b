import { expect, it } from 'vitest';
import { deviceName } from './device.ts';

it('names a device as its owner would', () => {
  const edge =
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0';
  const phone =
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1';
  expect(deviceName(edge)).toBe('Edge · Windows');
  expect(deviceName(phone)).toBe('Safari · iOS');
  expect(deviceName('curl/8.5')).toBe('curl/8.5');
  expect(deviceName('')).toBe('');
});
