import { expect, it } from 'vitest';
import { policyOf, scriptTag, webViewAddress } from './embed.ts';

it('writes what operators copy', () => {
  expect(scriptTag('https://s.cn', 'shop', 'zh-CN')).toBe(
    '<script src="https://s.cn/widget.js" data-key="shop" data-locale="zh-CN" async></script>',
  );
  expect(webViewAddress('https://s.cn', 'a.b-1', 'en')).toBe('https://s.cn/widget/panel.html?key=a.b-1&locale=en');
  expect(policyOf('https://s.cn').match(/https:\/\/s\.cn/g)).toHaveLength(3);
});
