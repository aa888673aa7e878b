import type { Translation } from '../../i18n/index.ts';

export const zh = {};

export const en: Translation<typeof zh> = {};
