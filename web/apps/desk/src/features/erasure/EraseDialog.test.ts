import { describe, expect, it, vi } from 'vitest';
import { h, nextTick, ref } from 'vue';
import { stage } from '../../../scenarios/stage.ts';
import { afternoon } from '../../../scenarios/world.ts';
import EraseDialog from './EraseDialog.vue';

type Target = InstanceType<typeof EraseDialog>['$props']['target'];

async function dialog(target: Target, answer: object) {
  const calls: { address: string; body: unknown }[] = [];
  const open = ref(true);
  const { page } = await stage(
    afternoon(),
    () => () => open.value && h(EraseDialog, { target, onClose: () => (open.value = false) }),
    async (request) => {
      calls.push({ address: new URL(request.url).pathname, body: await request.json() });
      return new Response(JSON.stringify(answer), { headers: { 'Content-Type': 'application/json' } });
    },
  );
  const set = async (selector: string, change: (field: HTMLInputElement) => void) => {
    const field = page.querySelector<HTMLInputElement>(selector)!;
    change(field);
    field.dispatchEvent(new Event('change', { bubbles: true }));
    await nextTick();
  };
  const submit = async () => {
    page.querySelector('form')!.dispatchEvent(new Event('submit', { cancelable: true }));
    await nextTick();
  };
  const why = (reason: string) =>
    set('#erase-reason', (field) => {
      field.value = reason;
    });
  const sure = () =>
    set('input[type=checkbox]', (field) => {
      field.checked = true;
    });
  return { page, calls, open, set, submit, why, sure };
}

describe('erasing', () => {
  it('wants a reason and a word that it is meant, and takes one entry unless all is asked for', async () => {
    const { page, calls, open, submit, why, sure } = await dialog({ conversation: 'c1', seq: 7 }, { entries: 1 });
    const alert = () => page.querySelector('[role=alert]')?.textContent;
    await submit();
    expect(alert()).toBe('请选择原因');
    await why('sensitive');
    await submit();
    expect(alert()).toBe('请先确认擦除后无法找回');
    expect(calls).toEqual([]);
    await sure();
    await submit();
    await vi.waitFor(() => expect(open.value).toBe(false));
    expect(calls).toEqual([{ address: '/api/v1/conversation/c1/erase', body: { seq: 7, reason: 'sensitive' } }]);
  });

  it('takes the whole conversation when that is chosen', async () => {
    const { calls, set, submit, why, sure } = await dialog({ conversation: 'c1', seq: 7 }, { entries: 0 });
    await set('input[value=conversation]', (field) => {
      field.checked = true;
    });
    await why('unlawful');
    await sure();
    await submit();
    await vi.waitFor(() => expect(calls).toHaveLength(1));
    expect(calls[0]?.body).toEqual({ reason: 'unlawful' });
  });

  it('takes a customer', async () => {
    const { calls, submit, why, sure } = await dialog({ customer: 'u1', name: '周女士' }, { conversations: 3 });
    await why('customer_request');
    await sure();
    await submit();
    await vi.waitFor(() => expect(calls).toHaveLength(1));
    expect(calls[0]).toEqual({ address: '/api/v1/customer/u1/erase', body: { reason: 'customer_request' } });
  });
});
