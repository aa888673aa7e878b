/** Every state of the panel without a server: index.html?state=talking&theme=dark&locale=en&care=20 */
import { RealtimeClient } from '@yingda/realtime';
import { applyTheme } from '@yingda/ui';
import { render } from 'preact';
import { App } from '../src/panel/app.tsx';
import { warm } from '../src/panel/later.ts';
import { Session } from '../src/panel/session.ts';
import { Uploads } from '../src/panel/uploads.ts';
import { tongueOf } from '../src/panel/words.ts';
import { NOW, stageEnvironment } from './stage.ts';
import { STAGES } from './states.ts';
import '@yingda/ui/tokens.css';
import '@yingda/ui/base.css';
import '../src/panel/panel.css';

const query = new URLSearchParams(location.search);
const state = query.get('state') ?? 'home';
await warm();
const tongue = await tongueOf(query.get('locale') ?? 'zh-CN');
const isEnglish = tongue.locale === 'en';
document.documentElement.lang = tongue.locale;
applyTheme(query.get('theme') === 'dark' ? 'dark' : 'light');

localStorage.clear();
const size = query.get('care');
if (size) localStorage.setItem('yd:care', size);
if (['ended', 'rate', 'rated'].includes(state)) localStorage.setItem('yd:demo:current', 'c1');
if (state === 'offline')
  localStorage.setItem('yd:demo:draft', isEnglish ? 'Please bring a cable' : '麻烦带一根六类网线');

/** The operator's own picture: words in a dark colour and nothing around them, as logos are. */
async function emblem() {
  const canvas = new OffscreenCanvas(480, 128);
  const ink = canvas.getContext('2d')!;
  ink.fillStyle = '#0b3d91';
  ink.arc(64, 64, 56, 0, 7);
  ink.fill();
  ink.font = '700 84px sans-serif';
  ink.fillText('星桥通信', 132, 94);
  return { url: URL.createObjectURL(await canvas.convertToBlob()), width: 480, height: 128 };
}
const logos = {
  logo: emblem,
  logoTalking: emblem,
  logoLost: async () => ({ url: '/nowhere.png', width: 480, height: 128 }),
};

const site = {
  logo: await logos[state as keyof typeof logos]?.(),
  id: 's',
  key: 'demo',
  name: '星桥通信',
  title: isEnglish ? 'Xingqiao Support' : '星桥客服',
  greeting: isEnglish ? 'What can we help you with?' : '您好，这里是星桥客服，请问遇到了什么问题？',
  locale: 'zh-CN',
  hot_questions: isEnglish
    ? [
        'Why is my bill higher this month?',
        'My broadband is slow',
        'What if I run out of data?',
        'Where do I get an invoice?',
      ]
    : ['这个月话费变多了', '宽带网速很慢', '流量用完怎么算', '停机保号怎么办', '携号转网资格', '发票在哪里开'],
  groups: (isEnglish ? ['Broadband', 'Bills', 'Plans'] : ['宽带故障', '账单费用', '套餐业务']).map((name, index) => ({
    id: `g${index}`,
    name,
  })),
  preview: false,
};
const skew = NOW - Date.now();
const { env, cut } = stageEnvironment(STAGES[state]!, skew);
const client = new RealtimeClient(
  { side: 'customer', identity: 'visitor:demo', client: { kind: 'widget', version: '1' } },
  env,
);
const now = () => Date.now() + skew;
const session = new Session({
  site,
  locale: tongue.locale,
  client,
  store: localStorage,
  newId: () => 'new',
  now,
  onEvent: () => {},
});
const uploads = new Uploads(
  client,
  async () => '',
  () => session.changed(),
);

/** A drawing in place of a photo somebody sent. */
async function photo(): Promise<string> {
  const canvas = new OffscreenCanvas(640, 400);
  const ink = canvas.getContext('2d')!;
  const sky = ink.createLinearGradient(0, 0, 640, 400);
  for (const [at, colour] of ['#8fb8d8', '#dfe9f0', '#c9b79a'].entries()) sky.addColorStop(at / 2, colour);
  ink.fillStyle = sky;
  ink.fillRect(0, 0, 640, 400);
  ink.fillStyle = '#2b3340';
  ink.fillRect(180, 190, 280, 96);
  for (const [index, light] of ['#43b076', '#43b076', '#f0703f', '#43b076'].entries()) {
    ink.fillStyle = light;
    ink.fillRect(210 + index * 60, 230, 18, 10);
  }
  return URL.createObjectURL(await canvas.convertToBlob());
}
const picture = await photo();
uploads.localUrl = (file) => (file === 'f1' ? picture : undefined);

render(
  <App panel={{ ...tongue, session, uploads, store: localStorage, now, minimise: () => {} }} visible />,
  document.getElementById('panel')!,
);
if (state === 'connecting') session.begin(isEnglish ? 'My broadband is slow' : '宽带网速很慢');
await client.start();
if (state === 'offline') {
  setTimeout(() => {
    cut();
    for (const text of isEnglish
      ? ['Yes, please call me', 'I am at the gate']
      : ['方便，到了打这个电话', '门禁报我名字就行'])
      session.say(text);
  }, 300);
}
