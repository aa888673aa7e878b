import { describe, expect, it } from 'vitest';
import { commandOf, whereIs } from './keys.ts';

const press = (key: string, code: string, held: Partial<KeyboardEvent> = {}) => ({
  key,
  code,
  altKey: false,
  ctrlKey: false,
  metaKey: false,
  shiftKey: false,
  isComposing: false,
  ...held,
});

describe('keys', () => {
  it('walks conversations from everywhere', () => {
    expect(commandOf(press('ArrowDown', 'ArrowDown', { altKey: true }), 'editor')).toEqual({ do: 'next' });
    expect(commandOf(press('œ', 'KeyQ', { altKey: true }), 'editor')).toEqual({ do: 'longest' });
    expect(commandOf(press('∑', 'KeyW', { altKey: true }), 'page')).toEqual({ do: 'end' });
    expect(commandOf(press('3', 'Digit3', { ctrlKey: true }), 'editor')).toEqual({ do: 'nth', index: 2 });
    expect(commandOf(press('9', 'Numpad9', { ctrlKey: true }), 'page')).toEqual({ do: 'nth', index: 8 });
  });

  it('leaves letters and Enter to whoever has the focus', () => {
    expect(commandOf(press('?', 'Slash', { shiftKey: true }), 'editor')).toBeUndefined();
    expect(commandOf(press('Enter', 'Enter'), 'editor')).toBeUndefined();
    expect(commandOf(press('Enter', 'Enter'), 'control')).toBeUndefined();
    expect(commandOf(press('Enter', 'Enter'), 'page')).toEqual({ do: 'accept' });
  });

  it('leaves everything to an input method that is composing', () => {
    expect(commandOf(press('Escape', 'Escape', { isComposing: true }), 'editor')).toBeUndefined();
  });

  it('leaves signs typed with AltGr alone', () => {
    expect(commandOf(press('²', 'Digit2', { ctrlKey: true, altKey: true }), 'editor')).toBeUndefined();
  });

  it('does not take over shortcuts of the browser', () => {
    expect(commandOf(press('w', 'KeyW', { ctrlKey: true }), 'page')).toBeUndefined();
    expect(commandOf(press('Enter', 'Enter', { ctrlKey: true }), 'page')).toBeUndefined();
  });

  it('knows an editor from a control from the page', () => {
    document.body.innerHTML = '<button><b id="in-button"></b></button><textarea id="area"></textarea><p id="text"></p>';
    const at = (id: string) => whereIs(document.getElementById(id));
    expect([at('in-button'), at('area'), at('text'), whereIs(document.body)]).toEqual([
      'control',
      'editor',
      'page',
      'page',
    ]);
  });
});
