import { expect, it } from 'vitest';
import { h } from 'vue';
import { stage } from '../../scenarios/stage.ts';
import { afternoon } from '../../scenarios/world.ts';
import StatusBar from './StatusBar.vue';

it('keeps its title and what it tells apart, for the ear too', async () => {
  const { page } = await stage(afternoon(), () => () => h(StatusBar, { title: 'Offline' }, () => 'Trying again'));
  expect(page.querySelector('[role=status]')?.textContent).toBe('Offline Trying again');
});
