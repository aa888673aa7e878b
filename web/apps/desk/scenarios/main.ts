import { createDesk } from '../src/desk.ts';
import { FakeLink } from './fakeLink.ts';
import { fakeServer } from './fakeServer.ts';
import { noon } from './samples.ts';
import { scenarios } from './states.ts';

// Pictures must not depend on the hour they are taken.
Date.now = () => noon;

const query = new URLSearchParams(location.search);
const scenario = scenarios[query.get('scenario') ?? 'work'];
if (!scenario) throw new Error(`no scenario ${query.get('scenario')}`);

localStorage.clear();
localStorage.setItem(
  'yingda.desk.preferences',
  JSON.stringify({
    theme: query.get('theme') ?? 'light',
    locale: query.get('locale') ?? 'zh-CN',
    density: query.get('density') ?? 'standard',
  }),
);
history.replaceState(null, '', `/desk${scenario.path}`);

const world = scenario.world();
createDesk({ connect: () => new FakeLink(world), fetch: fakeServer(world) }).mount('#app');
