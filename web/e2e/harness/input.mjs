/**
 * Types as an input method does: a composition grows, Enter takes the candidate. The browser hears of that Enter as key 229 only, and
 * no character follows it.
 */
export async function composeAndTake(page, steps, taken) {
  const client = await page.context().newCDPSession(page);
  for (const text of steps) {
    await client.send('Input.imeSetComposition', { text, selectionStart: text.length, selectionEnd: text.length });
  }
  const enter = { key: 'Enter', code: 'Enter', windowsVirtualKeyCode: 229, nativeVirtualKeyCode: 229 };
  await client.send('Input.dispatchKeyEvent', { ...enter, type: 'rawKeyDown' });
  await client.send('Input.insertText', { text: taken });
  await client.send('Input.dispatchKeyEvent', { ...enter, type: 'keyUp' });
  await client.detach();
}

/** Presses Tab, or another key that moves the focus, until it is there. */
export async function tabTo(page, locator, key = 'Tab') {
  for (let presses = 0; presses < 80; presses++) {
    if (await locator.evaluate((element) => element === element.getRootNode().activeElement && document.hasFocus()))
      return;
    await page.keyboard.press(key);
  }
  throw new Error(`${locator} is not reached with ${key}`);
}
