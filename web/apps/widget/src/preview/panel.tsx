import { RealtimeClient } from '@yingda/realtime';
import { applyBrand, applyTheme, hearPreview, type PreviewLook, tellPreview } from '@yingda/ui';
import { render } from 'preact';
import { App } from '../panel/app.tsx';
import type { Panel } from '../panel/context.ts';
import { memoryStore } from '../panel/kept.ts';
import { parts } from '../panel/later.ts';
import { Session } from '../panel/session.ts';
import { Uploads } from '../panel/uploads.ts';
import { tongueOf } from '../panel/words.ts';
import { nobodyBehind } from './nobody.ts';
import '@yingda/ui/tokens.css';
import '@yingda/ui/base.css';
import '../panel/panel.css';

/** The panel as customers will see it; what is typed here goes nowhere and is kept nowhere. */
export function drawPanel(): void {
  const root = document.getElementById('panel')!;
  const store = memoryStore();
  const client = new RealtimeClient(
    { side: 'customer', identity: 'preview', client: { kind: 'widget', version: '1' } },
    nobodyBehind(),
  );
  const isStarted = client.start();
  const minimise = () => tellPreview(parent, { preview: 'close' });
  const draw = async ({ site, locale: wanted, theme }: PreviewLook) => {
    const [tongue] = await Promise.all([tongueOf(wanted), isStarted, parts.logo.load().catch(() => {})]);
    document.documentElement.lang = tongue.locale;
    applyTheme(theme);
    document.documentElement.style.removeProperty('--yd-brand');
    applyBrand(site.brand, document.documentElement);
    const session = new Session({
      site: { ...site, id: '', locale: tongue.locale, preview: false },
      locale: tongue.locale,
      client,
      store,
      newId: () => crypto.getRandomValues(new Uint32Array(2)).join('-'),
      now: () => Date.now(),
      onEvent: () => {},
    });
    const uploads = new Uploads(
      client,
      async () => '',
      () => session.changed(),
    );
    const panel: Panel = { ...tongue, session, uploads, store, now: () => Date.now(), minimise };
    render(<App panel={panel} visible />, root);
  };
  hearPreview(
    () => parent,
    (message) => message.preview === 'look' && void draw(message.look),
  );
  tellPreview(parent, { preview: 'ready' });
}
