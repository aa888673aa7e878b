import { describe, expect, it, vi } from 'vitest';
import { h } from 'vue';
import { backups, backupsInTrouble } from '../../../scenarios/backups.ts';
import { stage } from '../../../scenarios/stage.ts';
import { afternoon } from '../../../scenarios/world.ts';
import BackupPage from './BackupPage.vue';

const json = (body: unknown, status = 200) =>
  new Response(JSON.stringify(body), {
    status,
    headers: { 'Content-Type': status < 400 ? 'application/json' : 'application/problem+json' },
  });

async function page(answers: object[], taken: () => Response = () => json({ id: 'b9' }, 202)) {
  let asked = 0;
  const calls: string[] = [];
  const { page: dom } = await stage(
    afternoon(),
    () => () => h(BackupPage),
    async (request) => {
      calls.push(request.method);
      if (request.method === 'POST') return taken();
      asked += 1;
      return json(answers[Math.min(asked, answers.length) - 1]);
    },
  );
  await vi.waitFor(() => expect(dom.querySelector('.note')).not.toBeNull());
  const button = () => dom.querySelector<HTMLButtonElement>('header .primary');
  return { dom, calls, button };
}

describe('backups', () => {
  it('say of each what became of it', async () => {
    const { dom } = await page([backups]);
    const tags = [...dom.querySelectorAll('tbody .tag')].map((tag) => tag.textContent);
    expect(tags).toEqual(['完好', '完好', '完好', '失败', '已丢失', '完好', '完好', '完好', '已按期清理']);
    expect(dom.querySelector('[role=alert]')).toBeNull();
    expect(dom.textContent).toContain('只剩 212 MiB');
  });

  it('are taken at once, and one at a time', async () => {
    const { calls, button } = await page([backups, { ...backups, items: backupsInTrouble.items }]);
    expect(button()?.textContent).toBe('立即备份');
    button()!.click();
    await vi.waitFor(() => expect(button()?.textContent).toBe('备份中'));
    expect(button()?.disabled).toBe(true);
    expect(calls).toEqual(['GET', 'POST', 'GET']);
  });

  it('tell trouble first, and how to begin where there is no folder', async () => {
    const { dom } = await page([backupsInTrouble]);
    expect(dom.querySelector('[role=alert]')?.textContent).toContain('没有挂载');
    const { dom: nowhere, button } = await page([{ schedule: '03:00', keep_count: 7, keep_days: 30, items: [] }]);
    expect(nowhere.textContent).toContain('[backup] folder');
    expect(button()).toBeNull();
  });
});
