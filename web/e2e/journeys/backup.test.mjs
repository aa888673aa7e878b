import assert from 'node:assert/strict';
import { mkdir, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { violations } from '../harness/access.mjs';
import { journey } from '../harness/journey.mjs';

journey('a system administrator sees how backups stand, takes one, and is told what is wrong', async (scene) => {
  const phone = { width: 390, height: 844 };
  const desk = await scene.desk('wu.hao', { viewport: phone });
  const { page } = desk;
  const open = () => page.goto(`${scene.server.url}/desk/backup`);
  await open();
  await page.getByText('没有配置备份目录').waitFor();

  const shelf = join(scene.server.folder, 'shelf');
  await mkdir(shelf);
  scene.server.environment.YINGDA_BACKUP_FOLDER = shelf;
  await scene.stop();
  await scene.server.restart();
  await open();
  await page.getByText('还没有备份过').waitFor();
  await page.getByRole('button', { name: '立即备份' }).click();
  await page.getByText('已解压并逐行核对').waitFor({ timeout: 60_000 });
  const [file] = await readdir(shelf);
  assert.match(file, /^yingda-\d{8}-\d{6}\.tar\.zst$/);
  for (const scheme of ['light', 'dark']) assert.deepEqual(await violations(page, scheme), [], scheme);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(wide <= 0, `${wide} px too wide`);

  // Its disk is gone.
  await rename(shelf, `${shelf}.gone`);
  await page.getByRole('button', { name: '立即备份' }).click();
  await page.locator('tbody .note').getByText('可能是磁盘没有挂载').waitFor();
  await page.getByRole('alert').getByText('可能是磁盘没有挂载').waitFor();
  await rename(`${shelf}.gone`, shelf);
  await page.getByText('已解压并逐行核对').nth(1).waitFor({ timeout: 60_000 });
  await page.getByRole('button', { name: '立即备份' }).waitFor();
});
