import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Script } from '../scenarios/stage.ts';
import { STAGES } from '../scenarios/states.ts';
import { type OpenPanel, openPanel } from './panel.tsx';

let panel: OpenPanel;
beforeEach(() => localStorage.clear());
afterEach(() => panel.close());
const bubbles = () => panel.texts('.bubble:not(.typing)');

describe('thread', () => {
  it('shows who said what, system lines, and the mark of the newest own words', async () => {
    panel = await openPanel(STAGES.talking!);
    await vi.waitFor(() => expect(bubbles().length).toBe(5));
    expect(panel.texts('.mine .bubble')).toEqual([
      '家里宽带从昨晚开始一直掉线，重启过光猫也没用',
      '好的，谢谢',
      '方便，到了打这个电话',
    ]);
    expect(panel.texts('.who')).toEqual(['林晓']);
    expect(panel.texts('.line')).toEqual(['已进入人工客服 · 宽带故障', '林晓 接入了会话 14:31']);
    expect(panel.texts('.marks').at(-1)).toContain('已发送');
    expect(panel.texts('h1')).toEqual(['林晓 为您服务']);
    await vi.waitFor(() => expect(panel.find('.typing').getAttribute('aria-label')).toBe('林晓正在输入'));
  });

  it('tells how many are ahead, and nothing about positions', async () => {
    panel = await openPanel(STAGES.queued!);
    await vi.waitFor(() => expect(panel.texts('.ahead')).toEqual(['前面还有3 人']));
    expect(panel.texts('.title p')).toEqual(['正在为您排队']);
  });

  it('keeps what is written without a network in sight as waiting', async () => {
    panel = await openPanel(STAGES.offline!);
    await vi.waitFor(() => expect(bubbles().length).toBe(4));
    panel.cut();
    panel.session.say('门禁报我名字就行');
    await vi.waitFor(() => expect(panel.texts('.marks.late')).toEqual(['待发送']));
    await vi.waitFor(() => expect(panel.texts('.net b')).toEqual(['网络断了，正在重连…']));
    expect(panel.texts('.title p')).toEqual(['重连中']);
  });

  it('shows a recalled entry as gone, in its place', async () => {
    panel = await openPanel(STAGES.recalled!);
    await vi.waitFor(() => expect(panel.texts('.line').at(-1)).toBe('您撤回了一条消息'));
    expect(bubbles()).not.toContain('记错了');
  });

  it('offers to go on after the end, and nothing to write in', async () => {
    localStorage.setItem('yd:demo:current', 'c1');
    panel = await openPanel(STAGES.ended!);
    await vi.waitFor(() => expect(panel.texts('.ended button')).toEqual(['接着聊', '新的会话', '返回首页']));
    expect(panel.find('textarea')).toBeNull();
  });

  it('sends the text of a chosen option', async () => {
    panel = await openPanel(STAGES.cards!);
    await vi.waitFor(() => expect(panel.texts('.options button').length).toBe(2));
    panel.find<HTMLButtonElement>('.options button:last-child').click();
    expect(panel.client.outgoing().map(({ content }) => content)).toEqual([
      { kind: 'text', body: { text: '刚刚扣的一笔是什么' } },
    ]);
  });

  it('shows the fallback of what it does not know, and never reads text as markup', async () => {
    const script = new Script()
      .add('agent', 3, { kind: 'hologram', body: { x: 1 }, fallback: '请在 App 中查看' })
      .add('agent', 2, {
        kind: 'card',
        body: { card: { type: 'article', title: 't', summary: 's', url: 'javascript:alert(1)' } },
        fallback: '文章',
      })
      .say('agent', 1, '<img src=x onerror=alert(1)>');
    panel = await openPanel({ ...STAGES.talking!, entries: script.entries, after: [] });
    await vi.waitFor(() => expect(bubbles()).toEqual(['请在 App 中查看', '文章', '<img src=x onerror=alert(1)>']));
    expect(panel.find('main img')).toBeNull();
    expect(panel.find('main a')).toBeNull();
  });

  it('says staff words to those who hear the page', async () => {
    panel = await openPanel(STAGES.talking!);
    await vi.waitFor(() => expect(bubbles().length).toBe(5));
    const [said] = new Script().say('agent', 0, '师傅已经出发').entries;
    panel.push({ type: 'entry', ...said!, seq: STAGES.talking!.entries.length + 1 });
    await vi.waitFor(() => expect(panel.find('.yd-vh[aria-live=polite]').textContent).toBe('林晓：师傅已经出发'));
  });

  it('begins from a hot question and remembers it over a reload', async () => {
    panel = await openPanel(STAGES.home!);
    await vi.waitFor(() => expect(panel.texts('.hot button')).toEqual(['流量用完怎么算']));
    panel.find<HTMLButtonElement>('.hot button').click();
    await vi.waitFor(() => expect(bubbles()).toEqual(['流量用完怎么算']));
    expect(panel.session.isUnborn).toBe(true);
    expect(JSON.parse(localStorage.getItem('yd:demo:birth')!)).toMatchObject({ client_id: 'n1', locale: 'zh-CN' });
    panel.close();
    panel = await openPanel(STAGES.home!);
    expect(panel.session.isUnborn).toBe(true);
  });

  it('speaks English whole', async () => {
    panel = await openPanel(STAGES.queued!, 'en-GB');
    await vi.waitFor(() => expect(panel.texts('.ahead')).toEqual(['Ahead of you3 waiting']));
    const own = ['星', '宽', '客服'];
    const chrome = [
      ...panel.texts('.tool, .button, .hint, .title p'),
      panel.find('textarea').getAttribute('placeholder'),
    ];
    expect(chrome.filter((text) => /[一-鿿]/.test(text ?? '') && !own.some((word) => text?.includes(word)))).toEqual(
      [],
    );
  });

  it('puts itself away on Escape, but leaves an open dialog its own Escape', async () => {
    panel = await openPanel(STAGES.talking!);
    await vi.waitFor(() => expect(panel.byLabel('结束会话')).toBeTruthy());
    panel.byLabel('结束会话').click();
    await vi.waitFor(() => expect(panel.find<HTMLDialogElement>('dialog')?.open).toBe(true));
    dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape' }));
    expect(panel.minimise).not.toHaveBeenCalled();
    panel.find<HTMLDialogElement>('dialog').close();
    await vi.waitFor(() => expect(panel.find('dialog')).toBeNull());
    dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape' }));
    expect(panel.minimise).toHaveBeenCalledOnce();
  });
});

describe('care mode', () => {
  it('offers to read each message of staff, and every new one while that is on', async () => {
    const spoken: string[] = [];
    vi.stubGlobal(
      'SpeechSynthesisUtterance',
      class {
        constructor(readonly text: string) {}
      },
    );
    const synthesis = {
      getVoices: () => [],
      cancel: () => {},
      speak: ({ text }: { text: string }) => spoken.push(text),
    };
    vi.stubGlobal('speechSynthesis', synthesis);
    localStorage.setItem('yd:care', 'on');
    const panel = await openPanel(STAGES.talking!);
    await vi.waitFor(() => expect(panel.texts('.said .aloud').length).toBe(2));
    panel.find<HTMLButtonElement>('.said .aloud').click();
    expect(spoken).toEqual(['周女士您好，我是林晓。前面的情况我都看到了，先给您测一下线路。']);
    panel.find<HTMLButtonElement>('.aloud.all').click();
    await vi.waitFor(() => expect(panel.texts('.aloud.all')).toEqual(['新消息自动朗读：开']));
    expect(localStorage.getItem('yd:aloud')).toBe('on');
    panel.close();
    localStorage.clear();
    vi.unstubAllGlobals();
  });

  it('offers nothing where the browser has no voice', async () => {
    localStorage.setItem('yd:care', 'on');
    const panel = await openPanel(STAGES.talking!);
    await vi.waitFor(() => expect(panel.texts('.said').length).toBeGreaterThan(2));
    expect(panel.texts('.aloud')).toEqual([]);
    panel.close();
    localStorage.clear();
  });
});
