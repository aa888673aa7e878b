import { expect, it } from 'vitest';
import { voiceFor } from '../src/panel/speak.ts';

const voice = (lang: string) => ({ lang }) as SpeechSynthesisVoice;

it('takes a voice of the same place, else of the same language, else none', () => {
  const voices = [voice('en-US'), voice('zh_HK'), voice('zh-CN')];
  expect(voiceFor(voices, 'zh-CN')?.lang).toBe('zh-CN');
  expect(voiceFor(voices.slice(0, 2), 'zh-CN')?.lang).toBe('zh_HK');
  expect(voiceFor(voices, 'en')?.lang).toBe('en-US');
  expect(voiceFor(voices.slice(0, 1), 'zh-CN')).toBeUndefined();
});
