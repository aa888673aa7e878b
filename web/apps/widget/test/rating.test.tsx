import { afterEach, describe, expect, it, vi } from 'vitest';
import { STAGES } from '../scenarios/states.ts';
import { type OpenPanel, openPanel } from './panel.tsx';

describe('rating', () => {
  let panel: OpenPanel;
  const end = async (stage: keyof typeof STAGES) => {
    localStorage.setItem('yd:demo:current', 'c1');
    panel = await openPanel(STAGES[stage]!);
  };
  afterEach(() => {
    panel.close();
    localStorage.clear();
  });

  it('is asked for at the end, offers reasons that fit the stars, and sends them', async () => {
    await end('rate');
    await vi.waitFor(() => expect(panel.texts('.rate h2')).toEqual(['林晓的服务怎么样？']));
    expect(panel.find<HTMLButtonElement>('.rate .primary').disabled).toBe(true);
    const call = vi.spyOn(panel.client, 'call').mockResolvedValue({ ...(STAGES.rated!.rating as object) });
    panel.root.querySelectorAll<HTMLInputElement>('.stars input')[1]!.click();
    await vi.waitFor(() => expect(panel.texts('.chips button')).toEqual(['没讲清楚', '回复慢', '没解决', '态度不好']));
    panel.root.querySelectorAll<HTMLButtonElement>('.chips button')[1]!.click();
    // Of other stars: the reason that was chosen no longer fits and is not sent.
    panel.root.querySelectorAll<HTMLInputElement>('.stars input')[3]!.click();
    await vi.waitFor(() => expect(panel.texts('.chips button')[0]).toBe('听得懂'));
    panel.find<HTMLButtonElement>('.rate .primary').click();
    await vi.waitFor(() => expect(call).toHaveBeenCalled());
    const opinion = { stars: 4, is_resolved: undefined, reasons: [], comment: undefined };
    expect(call).toHaveBeenCalledWith('PUT', '/api/v1/conversation/c1/rating', opinion);
    await vi.waitFor(() => expect(panel.texts('.rated p')).toEqual(['您的评价：★★★★']));
  });

  it('stays away once skipped, and can be opened again', async () => {
    await end('rate');
    await vi.waitFor(() => expect(panel.find('.rate')).toBeTruthy());
    panel.find<HTMLButtonElement>('.rate .link').click();
    await vi.waitFor(() => expect(panel.find('.rate')).toBeNull());
    panel.close();
    await end('rate');
    await vi.waitFor(() => expect(panel.texts('.rated button')).toEqual(['评价这次服务']));
    expect(panel.find('.rate')).toBeNull();
    panel.find<HTMLButtonElement>('.rated button').click();
    await vi.waitFor(() => expect(panel.find('.rate')).toBeTruthy());
  });

  it('does not open by itself in care mode or while the conversation goes on', async () => {
    localStorage.setItem('yd:care', 'on');
    await end('rate');
    await vi.waitFor(() => expect(panel.texts('.rated button')).toEqual(['评价这次服务']));
    expect(panel.find('.rate')).toBeNull();
    panel.close();
    localStorage.removeItem('yd:care');
    await end('invited');
    await vi.waitFor(() => expect(panel.texts('.rated button')).toEqual(['评价这次服务']));
    expect(panel.find('.rate')).toBeNull();
  });
});
