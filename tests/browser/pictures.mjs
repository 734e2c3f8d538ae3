// The picture in the README, made anew: `.ci/browser tests/browser/pictures.mjs`.

import test from 'node:test';
import { fileURLToPath } from 'node:url';

import { visit } from './harness.mjs';

const folder = fileURLToPath(new URL('../../infra/local/pictures/', import.meta.url));

test('the live picture, in the middle of a story', async () => {
  await visit('/', { motion: 'no-preference' }, async (page) => {
    await page.setViewportSize({ width: 1280, height: 930 });
    await page.getByLabel('Pace').selectOption('to read along');
    await page.getByRole('button', { name: 'A prospect and the dealer nearby' }).click();
    await page.locator('#matrix td[data-state="may"]').first().waitFor({ timeout: 40_000 });
    await page.locator('circle[data-tone="told"]').nth(1).waitFor({ state: 'attached', timeout: 20_000 });
    await page.screenshot({ path: `${folder}live.png` });
  });
});
