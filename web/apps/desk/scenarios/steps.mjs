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
  offline: { ready: '.desk > .state' },
  strained: { ready: '.desk > .state' },
  files: { ready: '.file' },
  viewer: {
    scenario: 'files',
    ready: '.file',
    act: async (page) => {
      await page.click('.image .open');
      await page.keyboard.press('ArrowRight');
      await page.getByText('2 / 3').waitFor();
    },
  },
  filesChosen: {
    scenario: 'work',
    ready: '#editor',
    act: async (page) => {
      await page.locator('.composer input[type=file]').setInputFiles([
        { name: '上门预约单（已盖章）.pdf', mimeType: 'application/pdf', buffer: Buffer.from('%PDF-1.7') },
        { name: '安装程序.exe', mimeType: 'application/x-msdownload', buffer: Buffer.from('MZ') },
      ]);
      await page.locator('.tray li').waitFor();
    },
  },
  filesLost: {
    scenario: 'work',
    ready: '#editor',
    kept: { 'yingda.desk.files': JSON.stringify({ by: 'me', names: { c1: ['十月账单.pdf', '光猫.png'] } }) },
  },
  returned: { ready: '.returned' },
  unopened: { ready: '.calm .note' },
  listFailed: {
    ready: '.list',
    act: async (page) => {
      await page.click('.boxes button >> nth=3');
      await page.waitForSelector('.list .note');
    },
  },
  unstarted: { ready: '.note' },
  starting: { ready: '.note' },
  ended: { ready: '#account' },
  profile: {
    scenario: 'work',
    ready: '.message',
    act: async (page) => {
      const button = page.locator('.head .profile');
      if (await button.isVisible()) await button.click();
    },
  },
  me: { scenario: 'full', ready: '.message', act: me },
  failed: { ready: '.mark.failed' },
  queued: { ready: '.head', settle: 400 },
  colleague: { ready: '.readonly' },
  away: { ready: '.readonly' },
  closed: { ready: '.readonly' },
  loading: { ready: '.work', settle: 500 },
  opening: { ready: '.skeleton', settle: 500 },
  missing: { ready: '.calm .note' },
  profileFailed: { ready: '.head', settle: 300 },
  staff: { ready: '.table' },
  staffForm: { scenario: 'staff', ready: '.table', act: (page) => page.click('.tools .primary'), settle: 300 },
  staffEdit: {
    scenario: 'staff',
    ready: '.table',
    act: async (page) => {
      await page.click('tbody tr:nth-child(3) .acts button');
      await page.click('[role=menuitem] >> nth=0');
    },
    settle: 300,
  },
  staffAsk: {
    scenario: 'staff',
    ready: '.table',
    act: async (page) => {
      await page.click('tbody tr:nth-child(2) .acts button');
      await page.click('[role=menuitem] >> nth=3');
    },
  },
  secret: {
    scenario: 'staff',
    ready: '.table',
    act: async (page) => {
      await page.click('.tools .primary');
      await page.fill('#staff-login', '0720');
      await page.fill('#staff-name', '苏晴');
      await page.click('dialog .primary');
      await page.waitForSelector('dialog code');
    },
  },
  group: { ready: '.table' },
  groupForm: { scenario: 'group', ready: '.table', act: (page) => page.click('tbody tr:nth-child(1) .acts button') },
  branch: { ready: '.table' },
  role: { ready: '.table' },
  roleForm: { scenario: 'role', ready: '.table', act: (page) => page.click('tbody tr:nth-child(4) .acts button') },
  roleView: { scenario: 'role', ready: '.table', act: (page) => page.click('tbody tr:nth-child(1) .acts button') },
  setting: { ready: '.table' },
  settingForm: {
    scenario: 'setting',
    ready: '.table',
    act: (page) => page.click('tbody tr:nth-child(2) .acts button'),
  },
  site: { ready: '.table' },
  siteForm: { scenario: 'site', ready: '.table', act: (page) => page.click('.tools .primary') },
  siteEdit: { ready: '[role=tablist]' },
  siteWords: {
    scenario: 'siteEdit',
    ready: '[role=tablist]',
    act: async (page) => {
      await page.click('[role=tab] >> nth=1');
      await page.click('.add');
      await page.click('footer .primary');
    },
  },
  siteRules: { scenario: 'siteEdit', ready: '[role=tablist]', act: (page) => page.click('[role=tab] >> nth=2') },
  siteEmbed: { scenario: 'siteEdit', ready: '[role=tablist]', act: (page) => page.click('[role=tab] >> nth=3') },
  siteKeys: { scenario: 'siteEdit', ready: '[role=tablist]', act: (page) => page.click('[role=tab] >> nth=4') },
  siteHistory: { scenario: 'siteEdit', ready: '[role=tablist]', act: (page) => page.click('[role=tab] >> nth=5') },
  siteLeave: {
    scenario: 'siteEdit',
    ready: '[role=tablist]',
    act: async (page) => {
      await page.fill('#site-brand', '#ffcc00');
      await page.click('header a');
      await page.waitForSelector('dialog');
    },
  },
  siteMissing: { ready: '.note' },
  audit: { ready: '.table' },
  auditOne: {
    scenario: 'audit',
    ready: '.table',
    act: (page) => page.click('tbody tr:nth-child(1) .link'),
    settle: 300,
  },
  auditFilter: {
    scenario: 'audit',
    ready: '.table',
    act: async (page) => {
      await page.getByRole('button', { name: /更多条件|More filters/ }).click();
      await page.selectOption('form select >> nth=0', 'own');
    },
  },
  auditCheck: {
    scenario: 'audit',
    ready: '.table',
    act: async (page) => {
      await page.click('.strip .btn');
      await page.waitForSelector('.strip li');
    },
  },
  auditExport: { scenario: 'audit', ready: '.table', act: (page) => page.click('.tools .btn'), settle: 300 },
  backup: { ready: '.table' },
  backupTrouble: { ready: '.table' },
  backupEmpty: { ready: '.note' },
  backupNowhere: { ready: '.note' },
  auditFailed: { ready: '.note' },
  auditEmpty: { ready: '.note' },
  forbidden: { ready: '.note' },
  many: { ready: '.message' },
  state: { scenario: 'full', ready: '.message', act: (page) => page.click('.top .state') },
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
  eraseMenu: {
    scenario: 'erase',
    ready: '.message',
    act: (page) => page.click('.message.customer .bubble >> nth=0', { button: 'right' }),
  },
  erase: {
    ready: '.message',
    act: async (page) => {
      await page.click('.message.customer .bubble >> nth=0', { button: 'right' });
      await page.click('[role=menuitem].danger');
      await page.waitForSelector('#erase-reason');
    },
  },
  eraseCustomer: {
    scenario: 'erase',
    ready: '.message',
    act: async (page) => {
      const button = page.locator('.head .profile');
      if (await button.isVisible()) await button.click();
      await page.locator('.panel .btn.danger').click();
      await page.waitForSelector('#erase-reason');
    },
  },
  emoji: { scenario: 'full', ready: '#editor', act: (page) => page.click('.tools .pop button') },
};
