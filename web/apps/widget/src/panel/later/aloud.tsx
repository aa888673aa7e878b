import { volume, volumeOff } from '@yingda/ui/icons';
import { useEffect, useState } from 'preact/hooks';
import { usePanel } from '../context.ts';
import { Icon } from '../icon.tsx';
import { useKept } from '../kept.ts';
import { wear } from '../later.ts';
import { canSpeak, hush, speak } from '../speak.ts';
import style from './aloud.css?inline';

wear(style);
const WORDS = {
  'zh-CN': { one: '读给我听', on: '新消息自动朗读：开', off: '新消息自动朗读：关' },
  en: { one: 'Read to me', on: 'Read new messages: on', off: 'Read new messages: off' },
};

/** Under each message of staff in care mode. */
export function ReadAloud({ text }: { text: string }) {
  const { locale } = usePanel();
  if (!text.trim()) return null;
  return (
    <button type="button" class="aloud" onClick={() => speak(text, locale)}>
      <Icon of={volume} size={24} />
      {WORDS[locale].one}
    </button>
  );
}

/** Reads every new message of staff while it is on; kept on the device. */
export function ReadAll() {
  const { session, store, locale } = usePanel();
  const [all, setAll] = useKept(store, 'yd:aloud');
  const [isReady] = useState(canSpeak);
  const isOn = all === 'on';
  // Also what somebody asked to hear by hand ends with the thread.
  useEffect(() => () => isReady && hush(), [isReady]);
  useEffect(() => {
    if (!isOn || !isReady) return;
    const stop = session.client.on('arrived', ({ conversation, entry }) => {
      if (conversation === session.current && entry.kind === 'text') speak(entry.fallback, locale);
    });
    return () => {
      stop();
      hush();
    };
  }, [isOn, isReady, session, locale]);
  if (!isReady) return null;
  return (
    <button type="button" class="aloud all" aria-pressed={isOn} onClick={() => setAll(isOn ? '' : 'on')}>
      <Icon of={isOn ? volume : volumeOff} size={24} />
      {WORDS[locale][isOn ? 'on' : 'off']}
    </button>
  );
}
