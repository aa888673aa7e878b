import type { World } from '../world.ts';

/** Which page is open, in which world. */
export interface State {
  readonly path: string;
  readonly world: () => World;
}
