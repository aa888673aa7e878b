import { describe, expect, it, vi } from 'vitest';
import { h, nextTick } from 'vue';
import { branches, groups } from '../../../scenarios/administration.ts';
import { stage } from '../../../scenarios/stage.ts';
import { afternoon } from '../../../scenarios/world.ts';
import GroupDialog from './GroupDialog.vue';

async function saved(branch: string): Promise<unknown> {
  const bodies: unknown[] = [];
  const { page } = await stage(
    afternoon(),
    () => () => h(GroupDialog, { group: groups[0], branches }),
    async (request) => {
      bodies.push(await request.json());
      return Response.json({ group: groups[0] });
    },
  );
  const select = page.querySelector('select')!;
  const option = [...select.options].find(({ textContent }) => textContent?.trim() === branch)!;
  select.selectedIndex = option.index;
  select.dispatchEvent(new Event('change'));
  await nextTick();
  page.querySelector('form')!.dispatchEvent(new Event('submit', { cancelable: true }));
  await vi.waitFor(() => expect(bodies).toHaveLength(1));
  return bodies[0];
}

describe('a skill group', () => {
  it('moves to another branch, or to none', async () => {
    expect(await saved('江苏省公司')).toMatchObject({ name: '宽带与装维', branch: 'js' });
    expect(await saved('不属于机构')).toMatchObject({ name: '宽带与装维', branch: null });
  });
});
