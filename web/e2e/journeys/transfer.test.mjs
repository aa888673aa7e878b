import { journey } from '../harness/journey.mjs';

journey('a conversation is passed on by keyboard, with a note the customer never sees', async (scene) => {
  const { visitor, desk } = await scene.talk('宽带又断了');
  const colleague = await scene.desk('sun.yutong');
  await colleague.setAccepting(true);

  await desk.editor.press('F4');
  const dialog = desk.page.getByRole('dialog', { name: '转接给' });
  await dialog.getByRole('button', { name: '同事' }).click();
  await dialog.getByRole('radio', { name: /孙雨桐/ }).check();
  await dialog.getByRole('button', { name: '转接', exact: true }).click();
  await dialog.getByRole('alert').getByText('请写一句说明').waitFor();
  await dialog.getByRole('textbox', { name: /说明/ }).fill('客户 18:30 要出门');
  await dialog.getByRole('button', { name: '转接', exact: true }).click();
  await dialog.waitFor({ state: 'detached' });

  await colleague.pick('客户 18:30 要出门');
  await colleague.sees('客户 18:30 要出门');
  await colleague.say('我是孙雨桐，接着为您处理');
  await visitor.sees('我是孙雨桐，接着为您处理');
  await visitor.thread.getByText('孙雨桐 接着为您服务，前面的话不用再说').waitFor();
  await visitor.assertTexts(['宽带又断了', '我是孙雨桐，接着为您处理']);
});
