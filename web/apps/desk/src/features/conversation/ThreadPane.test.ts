import { beforeEach, describe, expect, it, vi } from 'vitest';
import { h, nextTick, type Ref, ref } from 'vue';
import { fakeServer } from '../../../scenarios/fakeServer.ts';
import { noon } from '../../../scenarios/samples.ts';
import { stage } from '../../../scenarios/stage.ts';
import { scenarios } from '../../../scenarios/states.ts';
import { afternoon, me, type World } from '../../../scenarios/world.ts';
import { useSession } from '../auth/session.ts';
import { useLive } from './live.ts';
import ThreadPane from './ThreadPane.vue';
import { useConversation } from './useConversation.ts';
import { useThread } from './useThread.ts';

async function pane(world: World, id: string | Ref<string>, answer = fakeServer(world)) {
  const { page, link } = await stage(
    world,
    () => {
      const [live, session, actions] = [useLive(), useSession(), useConversation()];
      session.me = me;
      void live.start(me);
      const { conversation, view } = useThread(ref(id));
      return () =>
        conversation.value && view.value
          ? h(ThreadPane, { conversation: conversation.value, view: view.value, mayAccept: true, actions })
          : h('i');
    },
    answer,
  );
  await nextTick();
  const area = () => page.querySelector('textarea');
  const type = async (text: string) => {
    area()!.value = text;
    area()!.dispatchEvent(new Event('input', { bubbles: true }));
    await nextTick();
  };
  const enter = () =>
    area()!.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true }));
  const sent = () => link.said.filter(({ name }) => name === 'send').map(({ with: what }) => what);
  return { page, link, area, type, enter, sent };
}

beforeEach(() => {
  localStorage.clear();
  sessionStorage.clear();
  vi.spyOn(Date, 'now').mockReturnValue(noon);
});

describe('a thread', () => {
  it('sends what was typed with the epoch of its owner, shows it at once and empties the editor', async () => {
    const { type, enter, sent, area, page } = await pane(afternoon(), 'c1');
    await type('马上安排师傅上门');
    enter();
    await vi.waitFor(() =>
      expect(sent()).toEqual([['c1', { kind: 'text', body: { text: '马上安排师傅上门' } }, { epoch: 3 }]]),
    );
    await vi.waitFor(() => expect(area()!.value).toBe(''));
    expect(page.querySelector('[role=log]')?.textContent).toContain('马上安排师傅上门');
    expect(page.querySelector('[role=log]')?.textContent).toContain('发送中');
  });

  it('keeps a note apart from the reply and never sends it as text', async () => {
    const { type, enter, sent, area } = await pane(afternoon(), 'c1');
    await type('给客户的话');
    area()!.dispatchEvent(new KeyboardEvent('keydown', { key: '/', ctrlKey: true, bubbles: true, cancelable: true }));
    await nextTick();
    expect(area()!.value).toBe('');
    await type('给同事的话');
    enter();
    await vi.waitFor(() => expect(sent()).toEqual([['c1', { kind: 'note', body: { text: '给同事的话' } }, undefined]]));
    area()!.dispatchEvent(new KeyboardEvent('keydown', { key: '/', ctrlKey: true, bubbles: true, cancelable: true }));
    await nextTick();
    expect(area()!.value).toBe('给客户的话');
  });

  it('of a colleague is for reading, and for notes', async () => {
    const { page, area, type, enter, sent } = await pane(scenarios.colleague!.world(), 'k1');
    expect(area()).toBeNull();
    expect(page.textContent).toContain('陈立 正在接待');
    page.querySelector<HTMLElement>('.readonly button')!.click();
    await nextTick();
    await type('注意光衰');
    enter();
    await vi.waitFor(() => expect(sent()).toEqual([['k1', { kind: 'note', body: { text: '注意光衰' } }, undefined]]));
  });

  it('puts back words that another owner has made unsayable, in front of newer ones, and does not let them be sent again', async () => {
    const world = afternoon();
    const { link, area, enter, sent, page, type } = await pane(world, 'c1');
    await type('后写的');
    world.inbox = {
      ...world.inbox,
      conversations: world.inbox.conversations.map((one) =>
        one.id === 'c1' ? { ...one, rev: 2, owner: { participant: 5, id: 'chen', name: '陈立', away: false } } : one,
      ),
    };
    link.tell('inbox', world.inbox);
    const outgoing = {
      clientId: 'x',
      conversation: 'c1',
      content: { kind: 'text' as const, body: { text: '先写的' } },
      at: 0,
    };
    link.tell('refused', {
      code: 'not_owner',
      message: '',
      conversation: 'c1',
      outgoing,
      details: { owner: '陈立', draft: true },
    });
    await vi.waitFor(() => expect(area()?.value).toBe('先写的\n后写的'));
    expect(page.querySelector('[role=alert]')?.textContent).toContain('会话现由 陈立 接待');
    enter();
    await nextTick();
    expect(sent()).toEqual([]);
  });

  it('offers to take back only what is young, and asks the server', async () => {
    const world = afternoon();
    const { page } = await pane(world, 'c1');
    const mine = page.querySelectorAll('.message.staff .bubble')[0]!;
    mine.dispatchEvent(new MouseEvent('contextmenu', { bubbles: true, cancelable: true }));
    await nextTick();
    const recall = [...page.querySelectorAll<HTMLButtonElement>('[role=menuitem]')].find((item) =>
      item.textContent?.includes('撤回'),
    );
    expect(recall?.disabled).toBe(true);
    expect(recall?.textContent).toContain('超过 2 分钟');
  });

  it('leaves files and words with the conversation they were put into, also while they are on their way', async () => {
    const world = afternoon();
    let arrive: (_: Response) => void = () => {};
    const uploaded = new Promise<Response>((done) => {
      arrive = done;
    });
    const server = fakeServer(world);
    const opened = ref('c1');
    const { page, area, type, enter, sent } = await pane(world, opened, (request) =>
      request.url.includes('/file/documents') ? uploaded : server(request),
    );
    const tray = () => page.querySelectorAll('.tray li').length;
    const picker = page.querySelector<HTMLInputElement>('input[type=file]')!;
    const bill = new File(['%PDF'], 'bill.pdf', { type: 'application/pdf' });
    Object.defineProperty(picker, 'files', { value: [bill] });
    picker.dispatchEvent(new Event('change'));
    await vi.waitFor(() => expect(tray()).toBe(1));
    await type('您的账单');

    opened.value = 'c5';
    await vi.waitFor(() => expect(area()?.value).toBe(''));
    expect(tray()).toBe(0);
    opened.value = 'c1';
    await vi.waitFor(() => expect(area()?.value).toBe('您的账单'));
    expect(tray()).toBe(1);

    enter();
    await vi.waitFor(() => expect(area()!.readOnly).toBe(true));
    opened.value = 'c5';
    await vi.waitFor(() => expect(area()?.value).toBe(''));
    await type('给另一位客户的话');
    const file = { id: 'f1', name: 'bill.pdf', bytes: 4, media_type: 'application/pdf' };
    arrive(Response.json({ file }, { status: 201 }));
    await vi.waitFor(() => expect(sent().length).toBe(2));
    expect(sent().map(([to, content]) => [to, (content as { kind: string }).kind])).toEqual([
      ['c1', 'file'],
      ['c1', 'text'],
    ]);
    expect(sent()[1]).toEqual(['c1', { kind: 'text', body: { text: '您的账单' } }, { epoch: 3 }]);
    expect(area()!.value).toBe('给另一位客户的话');
  });

  it('says before anything is sent which files the operator does not allow, and which a reload took away', async () => {
    sessionStorage.setItem('yingda.desk.files', JSON.stringify({ by: me.id, names: { c1: ['光猫.png'] } }));
    const { page } = await pane(afternoon(), 'c1');
    const alert = () => page.querySelector('.composer [role=alert]')?.textContent ?? '';
    await vi.waitFor(() => expect(alert()).toContain('请重新选择：光猫.png'));
    await vi.waitFor(() => expect(page.querySelector('input[type=file]')?.getAttribute('accept')).toContain('.pdf'));
    const picker = page.querySelector<HTMLInputElement>('input[type=file]')!;
    Object.defineProperty(picker, 'files', { value: [new File(['MZ'], 'setup.exe')] });
    picker.dispatchEvent(new Event('change'));
    await vi.waitFor(() => expect(alert()).toBe('不能发送这种类型的文件，可以发送图片和 pdf'));
    expect(page.querySelector('.tray')).toBeNull();
    expect(sessionStorage.getItem('yingda.desk.files')).toBeNull();
  });
});
