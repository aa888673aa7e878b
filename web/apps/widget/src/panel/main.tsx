import { browserEnvironment, RealtimeClient } from '@yingda/realtime';
import { applyBrand, applyTheme } from '@yingda/ui';
import { render } from 'preact';
import type { ToPanel, Who } from '../messages.ts';
import { App } from './app.tsx';
import { CARE_KEY, careOf } from './care.ts';
import type { Panel } from './context.ts';
import { Door } from './door.tsx';
import { HostPage } from './host.ts';
import { Identity, type Veil } from './identity.ts';
import { safeStorage } from './kept.ts';
import { parts, warm } from './later.ts';
import { Session } from './session.ts';
import { playMessage, readySound } from './sound.ts';
import { Uploads } from './uploads.ts';
import { fetchSite, Visit } from './visit.ts';
import { FIRST_WORDS, localeOf, tongueOf } from './words.ts';
import '@yingda/ui/tokens.css';
import '@yingda/ui/base.css';
import './panel.css';

const newId = (): string => crypto.getRandomValues(new Uint32Array(4)).join('-');
/** Why a connection ends for good when the device behind it has: logged out, or gone on as somebody else in another tab. */
const DEVICE_ENDED = ['session_revoked', 'identity_expired'];

/** The first view is drawn and connected by then. */
const WARM_AFTER = 2_000;

async function run(): Promise<void> {
  const query = new URLSearchParams(location.search);
  const key = query.get('key') ?? '';
  const locale = localeOf(query.get('locale') ?? navigator.language);
  const theme = query.get('theme');
  document.documentElement.lang = locale;
  applyTheme(theme === 'light' || theme === 'dark' ? theme : 'auto');
  const root = document.getElementById('panel')!;

  // Until the site is known nothing is said to the loader: it takes the widget off the page when no "ready" comes.
  const first = FIRST_WORDS[locale];
  const loading = () => render(first.loading, root);
  const unreachable = () => render(first.unreachable, root);
  loading();
  const [site, tongue] = await Promise.all([fetchSite(key, locale), tongueOf(locale)]).catch((error: unknown) => {
    unreachable();
    throw error;
  });
  document.title = site.title;
  const dressed = site.logo && parts.logo.load().catch(() => {});
  applyBrand(site.brand, document.documentElement);
  const store = safeStorage();
  const env = browserEnvironment('');
  const visit = new Visit(key, locale, store);
  const wish = query.get('care');
  let pageCare = wish === null ? undefined : wish === 'on';

  let hear: (message: ToPanel) => void = () => {};
  const host = new HostPage(query.get('host') ?? '', (message) => hear(message));
  let client: RealtimeClient | undefined;
  const stop = () => client?.stop();
  const restart = () => {
    stop();
    location.reload();
  };
  const minimise = host.isThere ? () => host.tell({ type: 'close' }) : undefined;
  let veiled: Veil | undefined;
  let drawPanel = loading;
  const draw = () => {
    if (!veiled) return drawPanel();
    // In place of the panel, which ends with all it does: no dialog of it stays, nothing is read aloud or marked as read.
    const onAgain = () => host.tell({ type: 'boot' });
    const onGuest = () => void identity.forget();
    const { words } = tongue;
    render(<Door words={words} why={veiled} onAgain={onAgain} onGuest={onGuest} onClose={minimise} />, root);
  };
  const identity = new Identity({
    key,
    visit,
    outbox: env.storage,
    tell: (message) => host.tell(message),
    restart,
    stop,
    veil: (why) => {
      veiled = why;
      draw();
      if (why === 'unknown') host.tell({ type: 'ready' });
    },
  });
  // Who it is comes before everything else: nothing of a former customer may be shown, or even asked for.
  const decided = new Promise<void>((resolve) => {
    // Not reachable: the next word counts.
    const take = (who: Who) =>
      identity.hear(who).then(
        (isDecided) => isDecided && resolve(),
        () => veiled || unreachable(),
      );
    if (!host.isThere) return void take(undefined);
    hear = (message) => message.type === 'who' && void take(message.who);
    host.tell({ type: 'boot' });
  });
  await decided;
  identity.opened();

  client = new RealtimeClient(
    { side: 'customer', identity: visit.identity, client: { kind: 'widget', version: '1' }, token: visit.token },
    env,
  );
  const live = client;
  const now = () => Date.now() + live.skew;
  // Alone in a tab (a link to the panel) it is its own host and always visible.
  let isShown = parent === window;
  const session = new Session({
    site,
    locale,
    client,
    store,
    newId,
    now,
    onEvent: (name) => host.tell({ type: 'event', name }),
  });
  const uploads = new Uploads(client, visit.token, () => session.changed());
  const attach = visit.canAttach ? (takes: boolean) => identity.settle(takes) : undefined;
  const onCare = (on: boolean) => host.tell({ type: 'care', on });
  const panel: Panel = { ...tongue, session, uploads, store, now, attach, onCare, minimise };
  drawPanel = () =>
    render(<App panel={{ ...panel, pageCare }} visible={isShown && document.visibilityState === 'visible'} />, root);
  hear = (message) => {
    if (message.type === 'page') session.lookAt(message.page);
    else if (message.type === 'care') {
      pageCare = message.on;
      draw();
    } else if (message.type === 'who')
      identity.hear(message.who).catch(() => {}); // not reachable: whoever was somebody else has left, and the next word counts
    else {
      isShown = message.type === 'shown';
      draw();
    }
  };

  let told = '';
  session.watch(() => {
    const count = session.current === undefined ? 0 : live.thread(session.current).unread;
    const news = `${count} ${session.isActive}`;
    if (news === told) return;
    if (told.endsWith('true') && !session.isActive) host.tell({ type: 'event', name: 'ended' });
    told = news;
    host.tell({ type: 'unread', count });
    host.tell({ type: 'active', on: session.isActive });
  });
  client.on('arrived', () => {
    if (veiled) return;
    host.tell({ type: 'event', name: 'message' });
    if (!store.getItem('yd:mute')) playMessage();
  });
  client.on('sync', ({ phase, reason = '' }) => {
    if (phase === 'online') setTimeout(() => void warm(), WARM_AFTER);
    if (phase !== 'stopped' || !DEVICE_ENDED.includes(reason)) return;
    if (visit.isKnown) void identity.expired();
    else restart();
  });
  document.addEventListener('visibilitychange', draw);
  readySound();
  // Whoever reads large type sees nothing move after it has come.
  if (careOf(store.getItem(CARE_KEY) ?? '', pageCare, site.care) > 0) await parts.care.load().catch(() => {});
  await dressed;
  draw();
  host.tell({ type: 'ready' });
  await client.start();
}

run().catch(() => {}); // said on the screen; the loader takes the panel away
