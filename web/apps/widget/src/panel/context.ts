import { createContext } from 'preact';
import { useContext, useEffect } from 'preact/hooks';
import type { Session } from './session.ts';
import type { Uploads } from './uploads.ts';
import type { Tongue } from './words.ts';

export interface Panel extends Tongue {
  readonly session: Session;
  readonly uploads: Uploads;
  readonly store: Storage;
  readonly now: () => number;
  /** Care mode as the page around the panel wishes it; the visitor's own choice counts more. */
  readonly pageCare?: boolean;
  /** Takes over what was said before the customer was known, or leaves it behind; absent when there is nothing to decide. */
  readonly attach?: (takes: boolean) => Promise<void>;
  /** Large type came or went; the loader gives it more room. */
  readonly onCare?: (on: boolean) => void;
  /** Asks the loader to put the panel away; absent where there is none. */
  readonly minimise?: () => void;
}

export const PanelContext = createContext<Panel | undefined>(undefined);

export function usePanel(): Panel {
  const panel = useContext(PanelContext);
  if (!panel) throw new Error('a part of the panel was drawn outside of it');
  return panel;
}

/** A dialog or a popover that is open takes its own Escape. */
export function useEscape(then?: () => void): void {
  useEffect(() => {
    const keyDown = (event: KeyboardEvent) => {
      if (event.key === 'Escape' && !document.querySelector('dialog[open]')) then?.();
    };
    addEventListener('keydown', keyDown);
    return () => removeEventListener('keydown', keyDown);
  }, [then]);
}

/** Runs what a person asked for; a failure is shown, not thrown. */
export function useTry(): (work: () => Promise<unknown>) => void {
  const { session } = usePanel();
  return (work) => {
    session.warn(undefined);
    work().catch(() => session.warn('failed'));
  };
}
