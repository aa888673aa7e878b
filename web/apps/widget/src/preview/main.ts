/** Shows in the desk how a site will look: a page with the real launcher, and inside its frame the real panel with nobody behind it. */
import { drawPage } from './page.ts';
import { drawPanel } from './panel.tsx';

if (new URLSearchParams(location.search).get('part') === 'panel') drawPanel();
else drawPage();
