// The page of the demo recipients.

import assert from 'node:assert/strict';
import test from 'node:test';

import { WIDTHS, call, fits, isAccessible, picture, visit } from './harness.mjs';

const consent = {
  notice: { id: 'bmw-italia-promotional', version: 1, language: 'it' },
  brand: 'bmw',
  source: 'form',
  controls: ['promotional'],
  channels: ['email'],
  evidence: { kind: 'signed-in' },
};

for (const width of WIDTHS) {
  for (const scripts of [true, false]) {
    test(`the recipients are shown at ${width} px with scripts ${scripts ? 'on' : 'off'}`, async () => {
      const given = await call('POST', '/v1/subjects/customer-1/consents', consent, { 'idempotency-key': '"form-1"' });
      assert.ok(given.status < 300, `the consent is taken: ${given.status}`);

      await visit('/demo/recipients', { width, scripts }, async (page) => {
        await page.getByText('marketing/email').first().waitFor();
        await fits(page);
        await isAccessible(page);
        await picture(page, `recipients-${width}`);
      });
    });
  }
}
