export * from './card.ts';
export * from './emoji.ts';
export * from './files.ts';
export * from './format.ts';
export type { Icon } from './icons.ts';
export * as icons from './icons.ts';
export * from './rating.ts';
export * from './svg.ts';
export * from './theme.ts';
