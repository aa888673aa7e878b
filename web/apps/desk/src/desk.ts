import '@yingda/ui/tokens.css';
import '@yingda/ui/staff.css';
import '@yingda/ui/base.css';
import './styles/base.css';
import './styles/controls.css';
import './styles/table.css';
import { createApi } from '@yingda/api';
import { createPinia } from 'pinia';
import { createApp, watch } from 'vue';
import App from './App.vue';
import { useProof } from './features/auth/proof.ts';
import { useSession } from './features/auth/session.ts';
import { createDeskI18n } from './i18n/index.ts';
import { apiKey, type Connect, connectKey } from './outside.ts';
import { usePreferences } from './preferences.ts';
import { createDeskRouter } from './router.ts';

/** What the desk needs from outside; tests and pictures bring their own. */
export interface DeskOptions {
  readonly connect: Connect;
  readonly fetch?: (request: Request) => Promise<Response>;
}

export function createDesk(options: DeskOptions) {
  const app = createApp(App);
  app.use(createPinia());

  const preferences = app.runWithContext(() => usePreferences());
  const i18n = createDeskI18n(preferences.locale);
  app.use(i18n);

  const api = createApi({
    client: 'desk',
    locale: () => preferences.locale,
    fetch: options.fetch,
    onStepUp: () => proof.ask(),
    onUnauthorised: (error) => session.expire(error.code),
  });
  app.provide(apiKey, api);
  app.provide(connectKey, options.connect);
  const session = app.runWithContext(() => useSession());
  const proof = app.runWithContext(() => useProof());

  app.use(createDeskRouter(session));
  watch(
    () => preferences.locale,
    (locale) => {
      i18n.global.locale.value = locale;
      document.documentElement.lang = locale;
      document.title = i18n.global.t('app.title');
    },
    { immediate: true },
  );
  return app;
}
