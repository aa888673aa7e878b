/** "Chrome · Windows" from what a browser says of itself; programs stay as they call themselves. */
export function deviceName(userAgent: string): string {
  const browser = browsers.find(([mark]) => userAgent.includes(mark))?.[1];
  const system = systems.find(([mark]) => userAgent.includes(mark))?.[1];
  return [browser, system].filter(Boolean).join(' · ') || userAgent;
}

// Most browsers also call themselves by the names of older ones: the particular come before the general.
const browsers = [
  ['Edg/', 'Edge'],
  ['OPR/', 'Opera'],
  ['QQBrowser/', 'QQ 浏览器'],
  ['MicroMessenger/', '微信'],
  ['Firefox/', 'Firefox'],
  ['Chrome/', 'Chrome'],
  ['Safari/', 'Safari'],
] as const;
const systems = [
  ['iPhone', 'iOS'],
  ['iPad', 'iPadOS'],
  ['Android', 'Android'],
  ['Windows', 'Windows'],
  ['Mac OS X', 'macOS'],
  ['Linux', 'Linux'],
] as const;
