import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const OPTIONS = {
  runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
  // An experiment of axe that takes a person's initial and the name of a key for words of a label, hidden or not.
  rules: { 'label-content-name-mismatch': { enabled: false } },
  iframes: false,
};

/** What axe-core objects to in the page and each of its frames in this colour scheme, one line for each element. */
export async function violations(page, colorScheme = 'light') {
  await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
  const found = [];
  const seen = new Set();
  // A frame that is taken away meanwhile is nobody's; the one that takes its place is looked at.
  for (let frame = page.frames()[0]; frame; frame = page.frames().find((one) => !seen.has(one))) {
    seen.add(frame);
    try {
      if (!(await frame.evaluate(() => 'axe' in window))) await frame.evaluate(axe);
      found.push(...(await frame.evaluate(audit, OPTIONS)));
    } catch (error) {
      if (!frame.isDetached()) throw error;
    }
  }
  return found;
}

async function audit(options) {
  // Colours half-way through a change of scheme are nobody's.
  await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
  const passing = document.getAnimations().filter(({ effect }) => Number.isFinite(effect?.getComputedTiming().endTime));
  await Promise.allSettled(passing.map(({ finished }) => finished));
  const { violations } = await window.axe.run(document, options);
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id} (${help}) ${target.join(' ')}: ${failureSummary}`),
  );
}
