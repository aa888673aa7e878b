import { createApi } from '@yingda/api';
import { createPinia, setActivePinia } from 'pinia';
import { type Component, createApp, h, nextTick } from 'vue';
import { createMemoryHistory, createRouter } from 'vue-router';
import { createDeskI18n } from '../src/i18n/index.ts';
import { apiKey, connectKey } from '../src/outside.ts';
import { FakeLink } from './fakeLink.ts';
import { fakeServer } from './fakeServer.ts';
import type { World } from './world.ts';

/** Puts one component, or a composable, on a page of its own with an invented world behind it. For unit tests. */
export async function stage<T>(world: World, make: () => T, answer = fakeServer(world)) {
  const link = new FakeLink(world);
  let made: T | undefined;
  const root: Component = {
    setup() {
      made = make();
      return () => (made && typeof made === 'function' ? (made as () => unknown)() : h('i'));
    },
  };
  const app = createApp(root);
  const pinia = createPinia();
  app.use(pinia);
  setActivePinia(pinia);
  app.use(createDeskI18n('zh-CN'));
  const empty = { render: () => h('i') };
  const router = createRouter({
    history: createMemoryHistory(),
    routes: [
      { path: '/', component: empty },
      { path: '/conversation/:id?', name: 'conversation', component: empty },
    ],
  });
  app.use(router);
  app.provide(apiKey, createApi({ client: 'desk', baseUrl: 'http://desk.test', locale: () => 'zh-CN', fetch: answer }));
  app.provide(connectKey, () => link);
  const page = document.createElement('div');
  document.body.replaceChildren(page);
  app.mount(page);
  await nextTick();
  return { made: made as T, link, page, app, router };
}
