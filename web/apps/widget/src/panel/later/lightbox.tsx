import { close } from '@yingda/ui/icons';
import { useEffect, useRef } from 'preact/hooks';
import { usePanel } from '../context.ts';
import { Icon } from '../icon.tsx';
import { wear } from '../wear.ts';
import style from './lightbox.css?inline';

wear(style);

/** A picture as large as the panel. */
export function Lightbox({ url, label, onClose }: { url: string; label: string; onClose: () => void }) {
  const { words } = usePanel();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const element = dialog.current;
    element?.showModal();
    // A click anywhere closes; by keyboard it is Escape or the button.
    element?.addEventListener('click', () => element.close());
  }, []);
  return (
    <dialog ref={dialog} class="lightbox" aria-label={label} onClose={onClose}>
      <button type="button" class="tool" aria-label={words.closeImage}>
        <Icon of={close} size={24} />
      </button>
      <img src={url} alt={label} />
    </dialog>
  );
}
