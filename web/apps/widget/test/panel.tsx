import { RealtimeClient } from '@yingda/realtime';
import { render } from 'preact';
import { vi } from 'vitest';
import { NOW, type Stage, stageEnvironment } from '../scenarios/stage.ts';
import { App } from '../src/panel/app.tsx';
import { warm } from '../src/panel/later.ts';
import { Session } from '../src/panel/session.ts';
import { Uploads } from '../src/panel/uploads.ts';
import type { Site } from '../src/panel/visit.ts';
import { tongueOf } from '../src/panel/words.ts';

export const SITE = {
  id: 's',
  key: 'demo',
  name: '星桥通信',
  title: '星桥客服',
  greeting: '您好',
  locale: 'zh-CN',
  hot_questions: ['流量用完怎么算'],
  groups: [],
  preview: false,
};

/** The real panel on a stage instead of a server. */
export async function openPanel(stage: Stage, locale = 'zh-CN', site: Site = SITE) {
  const skew = NOW - Date.now();
  const { env, cut, push } = stageEnvironment(stage, skew);
  const identity = { side: 'customer', identity: 'visitor:demo', client: { kind: 'widget', version: '1' } } as const;
  const client = new RealtimeClient(identity, env);
  await warm();
  const tongue = await tongueOf(locale);
  const now = () => Date.now() + client.skew;
  const session = new Session({
    site,
    locale,
    client,
    store: localStorage,
    newId: () => 'n1',
    now,
    onEvent: () => {},
  });
  const uploads = new Uploads(
    client,
    async () => 't',
    () => session.changed(),
  );
  const minimise = vi.fn();
  const root = document.createElement('div');
  document.body.replaceChildren(root);
  render(<App panel={{ ...tongue, session, uploads, store: localStorage, now, minimise }} visible />, root);
  await client.start();
  const find = <T extends HTMLElement>(selector: string) => root.querySelector<T>(selector)!;
  const byLabel = (label: string) => find<HTMLButtonElement>(`[aria-label="${label}"]`);
  const texts = (selector: string) => [...root.querySelectorAll(selector)].map((element) => element.textContent);
  return { client, session, uploads, cut, push, root, find, byLabel, texts, minimise, close: () => client.stop() };
}
export type OpenPanel = Awaited<ReturnType<typeof openPanel>>;

export function type(area: HTMLTextAreaElement, text: string): void {
  area.value = text;
  area.dispatchEvent(new Event('input', { bubbles: true }));
}
