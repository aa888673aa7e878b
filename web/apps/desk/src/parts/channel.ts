import type { IconName } from './icons.ts';

const icons: Record<string, IconName> = { web: 'globe', wechat: 'chat', app: 'mobile', mail: 'mail', phone: 'phone' };

/** The badge of a channel; a kind that came after this build looks like the web. */
export function channelIcon(kind: string): IconName {
  return icons[kind] ?? 'globe';
}
