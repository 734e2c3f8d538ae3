// The pictures in the README, made anew: `.ci/browser tests/browser/pictures.mjs`.

import test from 'node:test';
import { fileURLToPath } from 'node:url';

import { visit } from './harness.mjs';
import { somebody } from './people.mjs';

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

test('the choices of somebody who allows much', async () => {
  const person = await somebody();
  await visit(person.preferences, { width: 720 }, async (page) => {
    await page.getByText('dealer-sales').first().waitFor();
    await page.setViewportSize({ width: 720, height: 1180 });
    await page.getByRole('heading', { name: 'Profile, sharing and separate consents' }).scrollIntoViewIfNeeded();
    await page.evaluate(() => window.scrollTo(0, document.querySelectorAll('.card')[3].offsetTop - 24));
    await page.screenshot({ path: `${folder}preferences.png` });
  });
});
