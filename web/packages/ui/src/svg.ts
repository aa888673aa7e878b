import type { Icon } from './icons.ts';

const SVG = 'http://www.w3.org/2000/svg';
/** Small icons need a heavier line to look the same weight: grid units for the pixel size. */
export const strokeFor = (size: number): number => (size <= 14 ? 2 : size <= 16 ? 1.75 : 1.5);

function element(name: string, attributes: Record<string, string>): SVGElement {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

function canvas(size: number, label?: string): SVGElement {
  const svg = element('svg', { viewBox: '0 0 24 24', width: String(size), height: String(size) });
  if (label === undefined) svg.setAttribute('aria-hidden', 'true');
  else {
    svg.setAttribute('role', 'img');
    svg.setAttribute('aria-label', label);
  }
  return svg;
}

/** An icon as an SVG element; decorative unless it gets a label. */
export function iconElement(icon: Icon, size = 20, label?: string): SVGElement {
  const svg = canvas(size, label);
  svg.append(
    element('path', {
      d: icon[0],
      fill: 'none',
      stroke: 'currentColor',
      'stroke-width': String(strokeFor(size)),
      'stroke-linecap': 'round',
      'stroke-linejoin': 'round',
    }),
  );
  if (icon[1]) svg.append(element('path', { d: icon[1], fill: 'currentColor' }));
  return svg;
}

/** A mark: a ground in the brand colour with white on it. */
export interface Mark {
  readonly ground: string;
  readonly fill?: string;
  readonly strokes: readonly (readonly [d: string, width: number])[];
}
export const yingdaMark: Mark = {
  ground: 'M4 3h16a1 1 0 0 1 1 1v12.5a1 1 0 0 1-1 1h-6.8L8 21.5v-4H4a1 1 0 0 1-1-1V4a1 1 0 0 1 1-1z',
  strokes: [['M7.5 10.6l3.2 3.2 6-6.3', 2.2]],
};
/** 星桥通信, the operator of the demo: a star over a bridge. */
export const xingqiaoMark: Mark = {
  ground: 'M7 1h10a6 6 0 0 1 6 6v10a6 6 0 0 1-6 6H7a6 6 0 0 1-6-6V7a6 6 0 0 1 6-6z',
  fill: 'M12 4.2l1.15 2.95 2.95 1.15-2.95 1.15L12 12.4l-1.15-2.95L7.9 8.3l2.95-1.15z',
  strokes: [
    ['M4.5 17.5c2-2.6 4.5-3.9 7.5-3.9s5.5 1.3 7.5 3.9', 1.9],
    ['M8.5 15v2.8M15.5 15v2.8M12 13.8v4', 1.3],
  ],
};

export function markElement(mark: Mark, size: number, label?: string): SVGElement {
  const svg = canvas(size, label);
  svg.append(element('path', { d: mark.ground, fill: 'var(--yd-brand)' }));
  if (mark.fill) svg.append(element('path', { d: mark.fill, fill: 'var(--yd-on-brand)' }));
  for (const [d, width] of mark.strokes) {
    svg.append(
      element('path', {
        d,
        fill: 'none',
        stroke: 'var(--yd-on-brand)',
        'stroke-width': String(width),
        'stroke-linecap': 'round',
        'stroke-linejoin': 'round',
      }),
    );
  }
  return svg;
}
