import type { icons } from '@yingda/ui';

export type IconName = keyof typeof icons;
