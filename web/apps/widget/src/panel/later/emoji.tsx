import { EMOJI } from '@yingda/ui';
import { useEffect, useRef, useState } from 'preact/hooks';
import { usePanel } from '../context.ts';
import { wear } from '../later.ts';
import style from './emoji.css?inline';

wear(style);

const COLUMNS = 8;
export function EmojiPicker({ onPick, onClose }: { onPick: (sign: string) => void; onClose: () => void }) {
  const { words } = usePanel();
  const [at, setAt] = useState(0);
  const grid = useRef<HTMLFieldSetElement>(null);
  useEffect(() => grid.current?.querySelector('button')?.focus(), []);
  const keyDown = (event: KeyboardEvent) => {
    const steps: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -COLUMNS, ArrowDown: COLUMNS };
    const step = steps[event.key];
    if (event.key === 'Escape') {
      event.stopPropagation();
      onClose();
    }
    if (step === undefined) return;
    event.preventDefault();
    const next = Math.min(EMOJI.length - 1, Math.max(0, at + step));
    setAt(next);
    grid.current?.querySelectorAll('button')[next]?.focus();
  };
  return (
    <fieldset ref={grid} class="emoji" aria-label={words.emoji} onKeyDown={keyDown}>
      {EMOJI.map((sign, index) => (
        <button type="button" key={sign} tabIndex={index === at ? 0 : -1} onClick={() => onPick(sign)}>
          {sign}
        </button>
      ))}
    </fieldset>
  );
}
