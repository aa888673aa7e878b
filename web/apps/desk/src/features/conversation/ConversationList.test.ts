import { beforeEach, describe, expect, it, vi } from 'vitest';
import { h, nextTick } from 'vue';
import { stage } from '../../../scenarios/stage.ts';
import { scenarios } from '../../../scenarios/states.ts';
import { afternoon, me, type World } from '../../../scenarios/world.ts';
import { useSession } from '../auth/session.ts';
import ConversationList from './ConversationList.vue';
import { useLive } from './live.ts';
import { useConversation } from './useConversation.ts';
import { useInbox } from './useInbox.ts';

async function list(world: World, over: { next?: string } = {}) {
  let inbox: ReturnType<typeof useInbox> | undefined;
  const { page, link, router } = await stage(world, () => {
    const [live, session] = [useLive(), useSession()];
    session.me = me;
    void live.start(me);
    const [held, actions] = [useInbox(), useConversation()];
    inbox = held;
    return () => h(ConversationList, { inbox: held, actions, mayAccept: true, ...over });
  });
  await nextTick();
  await nextTick();
  const names = () => [...page.querySelectorAll('li .name')].map((name) => name.textContent);
  return { page, link, names, router, inbox: inbox! };
}

// The page of happy-dom has no layout: the list is told how high it is.
beforeEach(() => {
  vi.spyOn(HTMLElement.prototype, 'clientHeight', 'get').mockReturnValue(640);
  vi.spyOn(HTMLElement.prototype, 'clientWidth', 'get').mockReturnValue(280);
});

describe('the list', () => {
  it('shows mine with the longest waiting first', async () => {
    const { names } = await list(afternoon());
    await vi.waitFor(() => expect(names()).not.toEqual([]));
    expect(names().slice(0, 4)).toEqual(['138****5678', '李先生', '周女士', '王女士']);
  });

  it('keeps its order while somebody points at it, and sorts again after', async () => {
    const world = afternoon();
    const { page, names, link } = await list(world);
    page.querySelector('.scroller')!.dispatchEvent(new Event('pointerenter'));
    await nextTick();
    const before = names();
    world.inbox = {
      ...world.inbox,
      conversations: world.inbox.conversations.map((one) => (one.id === 'c7' ? { ...one, waiting_since: 1 } : one)),
    };
    link.tell('inbox', world.inbox);
    await nextTick();
    expect(names()).toEqual(before);
    page.querySelector('.scroller')!.dispatchEvent(new Event('pointerleave'));
    await nextTick();
    expect(names()[0]).toBe('访客 7F3A');
  });

  it('filters by name and says so when nothing is left', async () => {
    const { inbox, names, page } = await list(afternoon());
    inbox.query.value = '女士';
    await nextTick();
    expect(names()).toEqual(['周女士', '王女士', '孙女士']);
    inbox.query.value = '没有这个人';
    await nextTick();
    expect(page.textContent).toContain('没有匹配“没有这个人”的会话');
  });

  it('draws a few rows of ten thousand', async () => {
    const { page } = await list(scenarios.many!.world());
    const rows = page.querySelectorAll('li');
    expect(rows.length).toBeGreaterThan(5);
    expect(rows.length).toBeLessThan(40);
    expect(rows[0]?.getAttribute('aria-setsize')).toBe('10000');
  });

  it('offers the next customer and takes them', async () => {
    const { page, router } = await list(afternoon(), { next: 'q1' });
    const bar = page.querySelector<HTMLElement>('.accept')!;
    expect(bar.textContent).toContain('宽带故障');
    expect(bar.textContent).toContain('还有 2 位');
    bar.querySelector('button')!.click();
    await vi.waitFor(() => expect(router.currentRoute.value.params.id).toBe('q1'));
  });

  it('names the colleague who was faster', async () => {
    const world = afternoon();
    world.refuse['/api/v1/conversation/q1/accept'] = {
      status: 409,
      code: 'conversation_taken',
      title: '陈立 已经接待了这个会话',
    };
    const { page, router } = await list(world, { next: 'q1' });
    page.querySelector<HTMLElement>('.accept button')!.click();
    const { useToasts } = await import('../../parts/toast.ts');
    await vi.waitFor(() => expect(useToasts().toasts.at(-1)?.text).toBe('陈立 已经接待了这个会话'));
    expect(router.currentRoute.value.params.id).toBeUndefined();
  });
});
