/** Light, dark, or what the system says. The tokens read `data-yd-theme` on the root of an app. */
export type Theme = 'light' | 'dark' | 'auto';

const DARK = '(prefers-color-scheme: dark)';

/** Applies a theme to `root` and keeps following the system while it is `auto`. Returns how to stop following. */
export function applyTheme(theme: Theme, root: HTMLElement = document.documentElement): () => void {
  if (theme !== 'auto') {
    root.dataset.ydTheme = theme;
    return () => {};
  }
  const query = matchMedia(DARK);
  const follow = () => {
    root.dataset.ydTheme = query.matches ? 'dark' : 'light';
  };
  follow();
  query.addEventListener('change', follow);
  return () => query.removeEventListener('change', follow);
}

/** Size of what is read in care mode 长辈版, in px; 0 is ordinary type. */
export type CareSize = 0 | 20 | 24 | 30;
export const CARE_SIZES: readonly Exclude<CareSize, 0>[] = [20, 24, 30];

/** Care mode: larger type and targets, by the same attributes everywhere. */
export function applyCare(size: CareSize, root: HTMLElement = document.documentElement): void {
  if (size === 0) {
    delete root.dataset.ydCare;
    delete root.dataset.ydCareSize;
    return;
  }
  root.dataset.ydCare = 'on';
  root.dataset.ydCareSize = String(size);
}

function channel(value: number): number {
  const c = value / 255;
  return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
}

/** Contrast of white on `#rrggbb` by WCAG 2.2; 0 for anything else. */
export function contrastOnWhite(hex: string): number {
  if (!/^#[0-9a-f]{6}$/i.test(hex)) return 0;
  const part = (at: number) => channel(Number.parseInt(hex.slice(at, at + 2), 16));
  return 1.05 / (0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5) + 0.05);
}

/** The operator's own brand colour, where white can be read on it (4.5:1); otherwise the action colour stands in. */
export function applyBrand(brand: string | undefined, root: HTMLElement): void {
  if (brand === undefined) return;
  root.style.setProperty('--yd-brand', contrastOnWhite(brand) >= 4.5 ? brand : 'var(--yd-primary)');
  root.style.setProperty('--yd-brand-hover', 'color-mix(in srgb, var(--yd-brand) 88%, #000)');
}
