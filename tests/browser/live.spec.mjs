// The live picture at `/`: the stories, to their ends, and what every recipient holds then.

import assert from 'node:assert/strict';
import test from 'node:test';

import { WIDTHS, call, fits, isAccessible, picture, tabTo, visit } from './harness.mjs';

const PLAYING_MS = 45_000;

for (const width of WIDTHS) {
  for (const scheme of ['light', 'dark']) {
    test(`the picture is drawn at ${width} px, ${scheme}`, async () => {
      await visit('/', { width, scheme }, async (page) => {
        await page.getByText('partner-fanout', { exact: true }).waitFor();
        await fits(page);
        await isAccessible(page);
        await picture(page, `live-${width}-${scheme}`);
      });
    });
  }
}

/** The states of one recipient's cells, by category number. */
async function holdings(page, recipient) {
  return page.evaluate((name) => {
    const table = document.querySelector('#matrix table');
    const names = [...table.querySelectorAll('thead th')].map((cell) => cell.textContent);
    const place = names.indexOf(name);
    const rows = [...table.querySelectorAll('tbody tr')];
    const held = rows.filter((row) => ['holds', 'may'].includes(row.querySelectorAll('td')[place].dataset.state));
    return held.map((row) => row.querySelector('small').textContent);
  }, recipient);
}

/** Play a story at once, and wait until what it set in motion has arrived. */
async function play(page, title) {
  await page.getByLabel('Pace').selectOption('at once');
  const button = page.getByRole('button', { name: title });
  const story = await button.getAttribute('data-story');
  await button.click();
  const said = page.locator(`#said[data-story="${story}"]`);
  await said.and(page.locator('[data-part="end"], [data-part="broken"]')).waitFor({ timeout: PLAYING_MS });
  assert.equal(await said.getAttribute('data-part'), 'end', await said.textContent());
}

/** What is held is shown when it has arrived, which the dots take their time for. */
async function comesToHold(page, recipient, numbers) {
  let held;
  for (let tries = 0; tries < 150; tries += 1) {
    held = await holdings(page, recipient);
    if (held.join() === numbers.join()) return;
    await page.waitForTimeout(200);
  }
  assert.deepEqual(held, numbers, `what ${recipient} holds`);
}

const BASE = ['K1', 'K2', 'K3', 'K4', 'K5', 'K6', 'K7', 'K8'];

test('a prospect leaves the dealer nearby for the dealer of her car', async () => {
  await visit('/', { motion: 'no-preference' }, async (page) => {
    await play(page, 'A prospect and the dealer nearby');

    await comesToHold(page, 'dealer-local', []);
    await comesToHold(page, 'dealer-sales', [...BASE, 'K9', 'K12']);
    await comesToHold(page, 'bmw-ag', BASE);
    await comesToHold(page, 'campaign-service', ['K1', 'K5', 'K7', 'K13']);
    await isAccessible(page);
    await picture(page, 'live-nearby');
  });
});

test('three years after the delivery the dealer keeps the base set alone', async () => {
  await visit('/', {}, async (page) => {
    await play(page, 'A buyer whose three years end');

    await comesToHold(page, 'dealer-sales', BASE);
    await page.getByText('the clock was moved on by 2 days').waitFor();
    await isAccessible(page);
    await picture(page, 'live-three-years');
  });
});

test('a withdrawal reaches a dealer that was down, whatever a recipient of one’s own does', async () => {
  const nobody = { kind: 'processor', authorised: true, endpoint: 'http://127.0.0.1:9/' };
  assert.equal((await call('PUT', '/v1/recipients/marketing-platform', nobody)).status, 201);
  await visit('/', {}, async (page) => {
    await play(page, 'A withdrawal while a dealer is down');

    for (const recipient of ['bmw-ag', 'campaign-service', 'dealer-sales', 'dealer-local']) {
      await comesToHold(page, recipient, []);
    }
    await page.locator('#log').getByText('dealer-sales did not answer').first().waitFor();
    await isAccessible(page);
    await picture(page, 'live-dealer-down');
  });
  await visit('/', {}, async (page) => {
    await page.locator('#log li').first().waitFor();
    assert.notEqual(await page.locator('#moved').textContent(), 'Nothing yet.', 'to whoever comes later');
  });
});

test('a message that nobody can read lies with the dead letters in red, with its reason', async () => {
  await visit('/', {}, async (page) => {
    await tabTo(page, page.getByRole('button', { name: 'Send a message that nobody can read' }));
    await page.keyboard.press('Enter');

    const letter = page.locator('#dead li');
    await letter.getByText('not a message of ours: no JSON from line 1').waitFor();
    const red = await letter.evaluate((node) => getComputedStyle(node).color);
    assert.equal(red, 'rgb(179, 38, 30)');
    await isAccessible(page);
    await picture(page, 'live-dead-letter');

    await page.getByRole('button', { name: 'Clear them away' }).click();
    await letter.waitFor({ state: 'detached' });
  });
});

test('without scripts the page says where to look instead', async () => {
  await visit('/', { width: 360, scripts: false }, async (page) => {
    await fits(page);
    await isAccessible(page);
    await page.getByRole('link', { name: 'who holds what' }).click();
    await page.getByRole('heading', { name: 'Who holds what' }).waitFor();
  });
});

test('a recipient is switched off and on with the keyboard, and the page says so in words', async () => {
  await visit('/', { width: 360 }, async (page) => {
    const button = page.getByRole('button', { name: 'dealer-local is down' });
    await button.waitFor();
    await tabTo(page, button);
    await page.keyboard.press('Space');
    await page.locator('#moved', { hasText: 'dealer-local no longer answers.' }).waitFor();
    assert.equal(await button.getAttribute('aria-pressed'), 'true');
    await isAccessible(page);

    await page.keyboard.press('Space');
    await page.locator('#moved', { hasText: 'dealer-local answers again.' }).waitFor();
  });
});

test('a second story while one is played is refused in a sentence', async () => {
  await visit('/', { expects: [409] }, async (page) => {
    await page.getByLabel('Pace').selectOption('brisk');
    await page.getByRole('button', { name: 'A prospect and the dealer nearby' }).click();
    // It says that it is disabled, and can be pressed all the same: then it says why.
    await page.getByRole('button', { name: 'A buyer whose three years end' }).click({ force: true });
    await page.getByRole('alert').getByText('Let it come to its end first.').waitFor();
    await isAccessible(page);
  });
});
