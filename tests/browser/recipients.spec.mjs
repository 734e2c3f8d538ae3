// The page of the demo recipients.

import assert from 'node:assert/strict';
import test from 'node:test';
import { setTimeout } from 'node:timers/promises';

import { WIDTHS, call, fits, isAccessible, origin, picture, visit } from './harness.mjs';

const TRIES_MAX = 200;

const consent = {
  notice: { id: 'bmw-italia-promotional', version: 1, language: 'it' },
  brand: 'bmw',
  source: 'form',
  controls: ['promotional'],
  channels: ['email'],
  evidence: { kind: 'signed-in' },
};

/** The page is as it was when it was asked for, so it is asked for when the news has arrived. */
async function arrived(recipient) {
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const held = await call('GET', '/demo/recipients', undefined, { accept: 'application/json' });
    if (Object.keys(held.body[recipient]).length > 0) return;
    await setTimeout(100);
  }
  assert.fail(`${recipient} was told nothing`);
}

for (const width of WIDTHS) {
  for (const scripts of [true, false]) {
    test(`the recipients are shown at ${width} px with scripts ${scripts ? 'on' : 'off'}`, async () => {
      const given = await call('POST', '/v1/subjects/customer-1/consents', consent, { 'idempotency-key': '"form-1"' });
      assert.ok(given.status < 300, `the consent is taken: ${given.status}`);
      await arrived('bmw-ag');

      await visit('/demo/recipients', { width, scripts }, async (page) => {
        await page.getByText('marketing/email').first().waitFor();
        await fits(page);
        await isAccessible(page);
        await picture(page, `recipients-${width}`);
      });
    });
  }
}

const form = {
  version: 1,
  language: 'en',
  brand: 'bmw',
  controls: ['promotional'],
  channels: ['email'],
  contact: { email: 'ada@example.com' },
};

test('a visitor finds the mail with the recipients, and it is gone once it has led to a confirmation', async () => {
  const sent = await call('POST', '/v1/forms/bmw-italia-promotional', form, { 'idempotency-key': '"visit-1"' });
  assert.ok(sent.status < 300, `the form is taken: ${sent.status}`);

  await visit('/demo/recipients', { width: 360 }, async (page) => {
    const mail = page.getByRole('link', { name: 'please confirm' });
    const comesTo = async (count) => {
      for (let tries = 0; tries < TRIES_MAX && (await mail.count()) !== count; tries += 1) {
        await setTimeout(100);
        await page.goto(`${origin}/demo/recipients`);
      }
      assert.equal(await mail.count(), count);
    };
    await comesTo(1);
    await fits(page);
    await isAccessible(page);
    await picture(page, 'recipients-mail');

    await mail.click();
    await page.getByRole('button', { name: 'Yes, I allow this' }).click();
    await page.getByRole('heading', { name: 'Confirmed, thank you' }).waitFor();
    await page.goto(`${origin}/demo/recipients`);
    await comesTo(0);
  });
});
