/** What the keyboard can ask of the workspace. Pure, so that it can be read and tested without a page. */
export type Command =
  | { do: 'previous' | 'next' | 'longest' | 'end' | 'transfer' | 'editor' | 'sheet' | 'accept' }
  | { do: 'nth'; index: number };

type Key = Pick<KeyboardEvent, 'key' | 'code' | 'altKey' | 'ctrlKey' | 'metaKey' | 'shiftKey' | 'isComposing'>;

/** `where` says what has the focus: an editor takes letters for itself, a control takes Enter. */
export function commandOf(event: Key, where: 'page' | 'control' | 'editor'): Command | undefined {
  if (event.isComposing) return undefined;
  if (event.altKey && !event.ctrlKey && !event.metaKey) {
    // By place on the keyboard: on some systems Alt with a letter types another sign.
    switch (event.code) {
      case 'ArrowUp':
        return { do: 'previous' };
      case 'ArrowDown':
        return { do: 'next' };
      case 'KeyQ':
        return { do: 'longest' };
      case 'KeyW':
        return { do: 'end' };
      default:
        return undefined;
    }
  }
  // Ctrl with Alt is AltGr, which types a sign on many keyboards.
  const digit = /^(?:Digit|Numpad)([1-9])$/.exec(event.code)?.[1];
  if (digit && event.ctrlKey && !event.altKey && !event.shiftKey) return { do: 'nth', index: Number(digit) - 1 };
  if (event.ctrlKey || event.metaKey) return undefined;
  if (event.key === 'F4') return { do: 'transfer' };
  if (event.key === 'Escape') return { do: 'editor' };
  if (event.key === '?' && where !== 'editor') return { do: 'sheet' };
  if (event.key === 'Enter' && where === 'page') return { do: 'accept' };
  return undefined;
}

export function whereIs(element: Element | null): 'page' | 'control' | 'editor' {
  if (!element || element === document.body) return 'page';
  if (element.closest('textarea, input, select, [contenteditable="true"]')) return 'editor';
  return element.closest('a, button, [role="menu"], dialog') ? 'control' : 'page';
}
