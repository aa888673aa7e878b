// What is done on the page before its picture is taken. The name is the scenario unless another is given.
const me = (page) => page.click('.top .me');

export const steps = {
  login: { ready: '#account' },
  refused: {
    ready: '#account',
    act: async (page) => {
      await page.fill('#account', '0716');
      await page.fill('#password', 'wrong');
      await page.click('form .primary');
      await page.waitForSelector('[role=alert]');
    },
  },
  password: {
    ready: '#old',
    act: async (page) => {
      await page.fill('#old', 'once-only');
      await page.fill('#fresh', 'short');
      await page.click('form .primary');
    },
  },
  work: { ready: '.message' },
  typing: { ready: '.typing' },
  full: { ready: '.message' },
  draft: {
    scenario: 'full',
    ready: '#editor',
    act: async (page) => {
      await page.fill('#editor', '可以的。装维师傅今天 17:30 到 18:30 上门，我来盯着，修好后给您回电。');
      await page.waitForTimeout(900);
    },
  },
  note: {
    scenario: 'full',
    ready: '#editor',
    act: async (page) => {
      await page.focus('#editor');
      await page.keyboard.press('Control+/');
      await page.fill('#editor', '客户 18:30 要出门，请先约 17:30 的档');
    },
  },
  calm: { ready: '.list' },
  empty: { ready: '.list' },
  offline: { ready: '.bar' },
  failed: { ready: '.mark.failed' },
  queued: { ready: '.head', settle: 400 },
  colleague: { ready: '.readonly' },
  away: { ready: '.readonly' },
  closed: { ready: '.readonly' },
  loading: { ready: '.list', settle: 500 },
  opening: { ready: '.skeleton', settle: 500 },
  missing: { ready: '.calm .note' },
  profileFailed: { ready: '.head', settle: 300 },
  many: { ready: '.message' },
  state: { scenario: 'full', ready: '.message', act: (page) => page.click('.top .state') },
  me: { scenario: 'full', ready: '.message', act: me },
  keys: {
    scenario: 'full',
    ready: '.message',
    act: async (page) => {
      await page.click('.thread');
      await page.keyboard.press('?');
    },
  },
  end: { scenario: 'full', ready: '.message', act: (page) => page.keyboard.press('Alt+w') },
  menu: {
    scenario: 'full',
    ready: '.message',
    act: (page) => page.click('.message.staff .bubble', { button: 'right' }),
  },
  emoji: { scenario: 'full', ready: '#editor', act: (page) => page.click('.tools .pop button') },
};
