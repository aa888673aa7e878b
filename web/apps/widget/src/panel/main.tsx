import { RealtimeClient } from '@yingda/realtime';
import { applyBrand, applyTheme } from '@yingda/ui';
import { render } from 'preact';
import { App } from './app.tsx';
import type { Panel } from './context.ts';
import { HostPage } from './host.ts';
import { safeStorage } from './kept.ts';
import { Session } from './session.ts';
import { playMessage, readySound } from './sound.ts';
import { Uploads } from './uploads.ts';
import { fetchSite, Visit } from './visit.ts';
import { tongueOf } from './words.ts';
import '@yingda/ui/tokens.css';
import '@yingda/ui/base.css';
import './panel.css';

const newId = (): string => crypto.getRandomValues(new Uint32Array(4)).join('-');

async function run(): Promise<void> {
  const query = new URLSearchParams(location.search);
  const key = query.get('key') ?? '';
  const tongue = tongueOf(query.get('locale') ?? navigator.language);
  const theme = query.get('theme');
  document.documentElement.lang = tongue.locale;
  applyTheme(theme === 'light' || theme === 'dark' ? theme : 'auto');
  const root = document.getElementById('panel')!;

  // Until the site is known nothing is said to the loader: it takes the widget off the page when no "ready" comes.
  root.textContent = tongue.words.loading;
  const site = await fetchSite(key).catch((error: unknown) => {
    root.textContent = tongue.words.unreachable;
    throw error;
  });
  root.textContent = '';
  document.title = site.title;
  applyBrand(site.brand, document.documentElement);
  const store = safeStorage();
  const visit = new Visit(key, tongue.locale, store);
  const client = new RealtimeClient({
    side: 'customer',
    identity: `visitor:${key}`,
    client: { kind: 'widget', version: '1' },
    token: visit.token,
  });
  const now = () => Date.now() + client.skew;

  // Alone in a tab (a link to the panel) it is its own host and always visible.
  let isShown = parent === window;
  const host = new HostPage(query.get('host') ?? '', (message) => {
    if (message.type === 'page') session.lookAt(message.page);
    else {
      isShown = message.type === 'shown';
      draw();
    }
  });
  const session = new Session({
    site,
    locale: tongue.locale,
    client,
    store,
    newId,
    now,
    onEvent: (name) => host.tell({ type: 'event', name }),
  });
  const uploads = new Uploads(client, visit.token, () => session.changed());
  const panel: Panel = { ...tongue, session, uploads, store, now, minimise: () => host.tell({ type: 'close' }) };
  const draw = () => render(<App panel={panel} visible={isShown && document.visibilityState === 'visible'} />, root);

  let told = '';
  session.watch(() => {
    const count = session.current === undefined ? 0 : client.thread(session.current).unread;
    const news = `${count} ${session.isActive}`;
    if (news === told) return;
    if (told.endsWith('true') && !session.isActive) host.tell({ type: 'event', name: 'ended' });
    told = news;
    host.tell({ type: 'unread', count });
    host.tell({ type: 'active', on: session.isActive });
  });
  client.on('arrived', () => {
    host.tell({ type: 'event', name: 'message' });
    if (!store.getItem('yd:mute')) playMessage();
  });
  document.addEventListener('visibilitychange', draw);
  readySound();
  draw();
  host.tell({ type: 'ready' });
  await client.start();
}

void run();
