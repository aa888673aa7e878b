import { administration } from './states/administration.ts';
import { door } from './states/door.ts';
import { workspace } from './states/workspace.ts';

/** Every state that is drawn: what differs from the afternoon, and which page is open. */
export const scenarios = { ...door, ...workspace, ...administration };
