// What somebody allows, taken back; and the one click of a mail.

import assert from 'node:assert/strict';
import test from 'node:test';

import { tabTo, visit } from './harness.mjs';
import { active, isGood, somebody } from './people.mjs';

for (const [width, scripts] of [[360, true], [1280, false]]) {
  test(`one thing, a channel, and all is withdrawn at ${width} px, scripts ${scripts ? 'on' : 'off'}`, async () => {
    const person = await somebody();
    await visit(person.preferences, { width, scripts }, async (page) => {
      await isGood(page, `preferences-${width}`);
      for (const part of await page.locator('details > summary').all()) {
        if (await part.isVisible()) await part.click();
      }
      await isGood(page, `preferences-open-${width}`);

      let actions = 0;
      const press = async (button) => {
        actions += 1;
        await button.click();
        await page.getByRole('status').waitFor();
      };
      await press(page.getByRole('button', { name: /^Withdraw\W+Marketing and news: E-mail$/ }));
      assert.equal(actions, 1, 'one action takes back what a tick, a channel and a button gave');
      assert.ok(!(await active(person)).includes('marketing/email'));
      await isGood(page, `withdrawn-${width}`);

      await page.getByRole('button', { name: 'Phone', exact: true }).click();
      await page.getByRole('button', { name: 'Phone', exact: true }).waitFor({ state: 'detached' });
      assert.ok(!(await active(person)).some((facet) => facet.endsWith('/phone')));

      await page.getByRole('button', { name: 'Withdraw everything' }).click();
      await page.getByText('You allow nothing.').waitFor();
      assert.deepEqual(await active(person), []);
      await isGood(page, `nothing-${width}`);
    });
  });
}

test('everything is withdrawn with the keyboard alone, and it is read out', async () => {
  const person = await somebody();
  await visit(person.preferences, {}, async (page) => {
    await tabTo(page, page.getByRole('button', { name: 'Withdraw everything' }));
    await page.keyboard.press('Enter');
    await page.getByRole('status').waitFor();
    assert.ok(await page.getByRole('status').evaluate((node) => node === document.activeElement));
  });
  assert.deepEqual(await active(person), []);
});

test('one click unsubscribes, without a script and without a cookie', async () => {
  const person = await somebody();
  await visit(person.unsubscribe, { scripts: false }, async (page) => {
    await page.getByRole('button', { name: 'Unsubscribe' }).click();
    await page.getByRole('heading', { name: 'You are unsubscribed' }).waitFor();
    await isGood(page, 'unsubscribed');
    assert.deepEqual(await page.context().cookies(), []);
  });
  const left = await active(person);
  assert.ok(!left.includes('marketing/email') && left.includes('care/email') && left.includes('marketing/sms'));
});

test('a link that is not ours, and a form that is not there, say so', async () => {
  await visit('/v1/preferences/none', { expects: [404] }, async (page) => isGood(page, 'bad-link'));
  await visit('/v1/forms/none', { expects: [404], language: 'de' }, async (page) => isGood(page, 'no-form'));
});
