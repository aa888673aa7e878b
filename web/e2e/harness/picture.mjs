/** Draws a PNG of this size in the page, and answers its bytes. */
export async function picture(page, width, height) {
  const bytes = await page.evaluate(draw, [width, height]);
  return { name: 'picture.png', mimeType: 'image/png', buffer: Buffer.from(bytes) };
}

/** Puts a picture on the clipboard, as a tool for screenshots does, and pastes it. */
export async function pastePicture(page, editor, width = 64, height = 48) {
  const { buffer } = await picture(page, width, height);
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.bringToFront();
  await page.evaluate(
    async (bytes) => {
      const blob = new Blob([new Uint8Array(bytes)], { type: 'image/png' });
      await navigator.clipboard.write([new ClipboardItem({ [blob.type]: blob })]);
    },
    [...buffer],
  );
  await editor.press('Control+v');
}

async function draw([width, height]) {
  const canvas = new OffscreenCanvas(width, height);
  const pen = canvas.getContext('2d');
  const colours = pen.createLinearGradient(0, 0, width, height);
  colours.addColorStop(0, '#2f5fd0');
  colours.addColorStop(1, '#f2b84b');
  pen.fillStyle = colours;
  pen.fillRect(0, 0, width, height);
  const blob = await canvas.convertToBlob({ type: 'image/png' });
  return [...new Uint8Array(await blob.arrayBuffer())];
}
