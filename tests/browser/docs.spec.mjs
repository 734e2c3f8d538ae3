// The contract as the runner shows it to people.

import assert from 'node:assert/strict';
import test from 'node:test';

import { WIDTHS, call, fits, isAccessible, picture, visit } from './harness.mjs';

const { body: contract } = await call('GET', '/openapi.json');
const operations = [...Object.values(contract.paths), ...Object.values(contract.webhooks)].flatMap((path) =>
  Object.entries(path).filter(([method]) => method !== 'parameters').map(([, operation]) => operation.operationId),
);

for (const width of WIDTHS) {
  for (const scheme of ['light', 'dark']) {
    test(`the contract can be read at ${width} px, ${scheme}`, async () => {
      await visit('/docs', { width, scheme }, async (page) => {
        await page.locator('#problems').waitFor();
        const shown = await page.locator('article').evaluateAll((articles) => articles.map((article) => article.id));
        assert.deepEqual(shown.toSorted(), operations.toSorted(), 'every operation is shown');
        await picture(page, `docs-${width}-${scheme}`);

        // What is drawn when it is opened is held to the same: an answer, its fields, and theirs.
        for (const depth of [1, 2, 3]) {
          const closed = page.locator('#capture details:not([open]) > summary');
          for (const summary of (await closed.all()).reverse()) await summary.click();
          assert.ok((await page.locator('#capture details[open]').count()) > depth, 'it opens');
        }
        assert.ok(!(await page.locator('main').innerText()).includes('undefined'), 'nothing is left out');
        await fits(page);
        await isAccessible(page);
        await picture(page, `docs-${width}-${scheme}-opened`);
      });
    });
  }
}

test('without scripts, the page leads to the contract itself', async () => {
  await visit('/docs', { scripts: false }, async (page) => {
    await page.getByRole('link', { name: 'the contract' }).waitFor();
    await isAccessible(page);
  });
});
