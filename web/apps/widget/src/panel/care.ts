import { CARE_SIZES, type CareSize } from '@yingda/ui';

/** Where the visitor's own choice is kept: a size, or `off`. */
export const CARE_KEY = 'yd:care';

/** The visitor's choice, else what the page asks for, else what the site is set to. */
export function careOf(kept: string, page: boolean | undefined, site: boolean | undefined): CareSize {
  if (kept === 'off') return 0;
  const chosen = CARE_SIZES.find((size) => String(size) === kept);
  return chosen ?? (kept === 'on' || (page ?? site) ? 20 : 0);
}
