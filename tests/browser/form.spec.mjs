// The form of a notice: as a page without a script, and inside a website; and the confirmation.

import assert from 'node:assert/strict';
import test from 'node:test';

import { origin, tabTo, visit } from './harness.mjs';
import { BUNDLED, UNBUNDLED, campaignService, isGood } from './people.mjs';

const mailed = campaignService();

for (const [width, scripts] of [[360, true], [1280, false]]) {
  test(`a form is filled in and confirmed at ${width} px, scripts ${scripts ? 'on' : 'off'}`, async () => {
    await visit(`/v1/forms/${BUNDLED}?brand=mini`, { width, scripts }, async (page) => {
      assert.equal(await page.locator('input:checked').count(), 0, 'nothing is ticked');
      await isGood(page, `form-${width}`);
      await page.getByLabel('Yes to promotional messages').check();
      await page.getByLabel('E-mail', { exact: true }).check();
      await page.getByLabel('E-mail address').fill('ada@example.com');
      await page.getByRole('button', { name: 'Send my choices' }).click();
      await page.getByRole('heading', { name: 'We have noted your choices' }).waitFor();
      await isGood(page, `noted-${width}`);

      await page.goto(origin + (await mailed()));
      await isGood(page, `confirm-${width}`);
      await page.getByRole('button', { name: 'Yes, I allow this' }).click();
      await page.getByRole('heading', { name: 'Confirmed, thank you' }).waitFor();
      await isGood(page, `confirmed-${width}`);
    });
  });
}

test('a form is filled in with the keyboard alone', async () => {
  await visit(`/v1/forms/${BUNDLED}`, {}, async (page) => {
    for (const box of [page.getByLabel('Yes to promotional messages'), page.getByLabel('E-mail', { exact: true })]) {
      await tabTo(page, box);
      await page.keyboard.press('Space');
    }
    await tabTo(page, page.getByLabel('E-mail address'));
    await page.keyboard.type('ada@example.com');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'We have noted your choices' }).waitFor();
  });
  await mailed();
});

for (const [width, headers] of [[360, {}], [1280, { 'sec-gpc': '1' }]]) {
  test(`the one line shows the form inside a website at ${width} px`, async () => {
    const line = `<script src="${origin}/v1/assets/consent.js"></script>
      <assenso-consent notice="${UNBUNDLED}" brand="bmw" language="de"></assenso-consent>`;
    const website = `<!doctype html><html lang="de"><meta charset="utf-8"><title>Website</title>
      <meta name="viewport" content="width=device-width"><link rel="icon" href="/v1/assets/icon.svg"><main>${line}</main>`;
    await visit('/v1/assets/icon.svg', { width, headers, expects: [422] }, async (page) => {
      await page.route(`${origin}/website`, (route) => route.fulfill({ contentType: 'text/html', body: website }));
      await page.goto(`${origin}/website`);
      await page.getByRole('button', { name: 'Meine Entscheidungen senden' }).waitFor();
      assert.equal(await page.locator('input:checked').count(), 0, 'nothing is ticked');
      assert.equal(await page.getByText('Global Privacy Control').count(), headers['sec-gpc'] ? 1 : 0);
      await isGood(page, `component-${width}`);

      await page.getByLabel('E-Mail-Adresse').fill('ada@example.com');
      await page.getByRole('button', { name: 'Meine Entscheidungen senden' }).click();
      await page.getByRole('alert').getByText('Es ist nichts angekreuzt').waitFor();
      await isGood(page, `component-wrong-${width}`);

      const sent = page.waitForRequest((request) => request.method() === 'POST');
      await page.getByLabel('Ja zu Neuigkeiten').check();
      await page.getByLabel('SMS').check();
      await page.getByRole('button', { name: 'Meine Entscheidungen senden' }).click();
      assert.match((await sent).headers()['idempotency-key'], /^"[-0-9a-f]{36}"$/);
      await page.getByRole('heading', { name: 'Wir haben Ihre Entscheidungen' }).waitFor();
      assert.deepEqual(await page.locator('#stored li:visible').allTextContents(), ['Werbung und Neuigkeiten: SMS']);
      await isGood(page, `component-stored-${width}`);
      await page.getByRole('link', { name: 'Ihre Entscheidungen ansehen' }).click();
      await page.getByRole('heading', { level: 1, name: 'Your choices' }).waitFor();
    });
    await mailed();
  });
}
