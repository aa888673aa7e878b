import { xingqiaoMark } from '@yingda/ui';
import { close, minus, volume, volumeOff } from '@yingda/ui/icons';
import { useState } from 'preact/hooks';
import { usePanel } from './context.ts';
import { Icon, Mark } from './icon.tsx';
import { parts } from './later.ts';

export interface HeaderProps {
  readonly care: boolean;
  /** The choice of size is open. */
  readonly sizing: boolean;
  readonly sound: boolean;
  readonly onCare: () => void;
  readonly onSound: () => void;
  readonly onEnd: () => void;
}

type Tone = 'good' | 'wait' | 'off';

/** Who is there, and how it stands, in a few words. */
export function useStatus(): { title: string; status: string; tone: Tone } {
  const { session, words } = usePanel();
  const { conversation, site, client } = session;
  const owner = conversation?.state === 'served' ? conversation.owner : undefined;
  const title = owner ? words.serving(owner.name) : site.title;
  const { phase, provenAt } = client.sync;
  const status = (text: string, tone: Tone) => ({ title, status: text, tone });
  if (phase === 'stopped') return status(words.stopped, 'off');
  if (phase === 'offline') return status(words.offline, 'wait');
  if (phase !== 'online') return status(provenAt > 0 ? words.reconnecting : words.connecting, 'wait');
  if (session.isUnborn) return status(words.finding, 'wait');
  if (conversation?.state === 'queued') return status(words.queueing, 'wait');
  if (conversation?.state === 'closed') return status(words.ended, 'off');
  return owner?.away ? status(words.awayShort, 'wait') : status(words.online, 'good');
}

export function Header({ care, sizing, sound, onCare, onSound, onEnd }: HeaderProps) {
  const { session, words, minimise } = usePanel();
  const { title, status, tone } = useStatus();
  const mark = <Mark of={xingqiaoMark} />;
  // One that comes later does not push the title aside.
  const [own] = useState(parts.logo.got);
  return (
    <header class="head">
      {own ? <own.Logo title={title}>{mark}</own.Logo> : mark}
      <div class="title">
        <h1 class="yd-cut">{title}</h1>
        <p role="status">
          <i class={`dot ${tone}`} />
          <span class="yd-cut">{status}</span>
        </p>
      </div>
      <button
        type="button"
        class="tool care"
        aria-expanded={care ? sizing : undefined}
        aria-label={care ? undefined : words.care}
        onClick={onCare}
      >
        {care ? words.textSize : 'A+'}
      </button>
      <button
        type="button"
        class="tool sound"
        aria-pressed={sound}
        aria-label={sound ? words.soundOn : words.soundOff}
        onClick={onSound}
      >
        <Icon of={sound ? volume : volumeOff} />
      </button>
      {minimise && (
        <button type="button" class="tool" aria-label={words.minimise} onClick={minimise}>
          {care ? words.minimise : <Icon of={minus} />}
        </button>
      )}
      {session.isActive && (
        <button type="button" class="tool" aria-label={words.close} onClick={onEnd}>
          {care ? words.closeShort : <Icon of={close} />}
        </button>
      )}
    </header>
  );
}
