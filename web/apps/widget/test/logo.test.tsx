import { render } from 'preact';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { STAGES } from '../scenarios/states.ts';
import { type OpenPanel, openPanel, SITE } from './panel.tsx';

const LOGO = { url: '/api/v1/channel/logos/a', width: 480, height: 128 };
let panel: OpenPanel;
const open = async (stage: keyof typeof STAGES, logo?: typeof LOGO, title = SITE.title) => {
  panel = await openPanel(STAGES[stage]!, 'zh-CN', { ...SITE, title, logo });
  return panel;
};
const image = () => panel.find<HTMLImageElement>('.head img');
afterEach(() => {
  panel.close();
  render(null, panel.root);
});

describe('the logo at the head of the panel', () => {
  it('stands in the place of the mark, as wide as the picture is', async () => {
    await open('home', LOGO);
    expect([image().getAttribute('src'), image().alt]).toEqual([LOGO.url, '星桥通信']);
    const room = panel.find('.head .logo');
    expect(room.style.aspectRatio.replaceAll(' ', '')).toBe('480/128');
    expect(panel.find('.head svg.mark')).toBeNull();
  });

  it('is not read out where the name stands beside it', async () => {
    await open('home', LOGO, SITE.name);
    expect(image().alt).toBe('');
  });

  it('gives its place, and not its room, to the mark when it does not come', async () => {
    await open('talking', LOGO);
    const room = panel.find('.head .logo');
    image().dispatchEvent(new Event('error'));
    await vi.waitFor(() => expect(panel.find('.head .logo svg.mark')).not.toBeNull());
    expect([image(), panel.find('.head .logo')]).toEqual([null, room]);
    expect(panel.find('h1').textContent).toContain('林晓');
  });

  it('changes nothing where a site has none', async () => {
    await open('home');
    expect([image(), panel.find('.head .logo'), panel.find('.head > svg.mark') !== null]).toEqual([null, null, true]);
  });
});
