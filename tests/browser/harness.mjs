// What every spec stands on: the runner on a free port with nothing in it, Debian's Chromium, and a
// watch over what no page may do. A spec file is a process of its own, so each has its own runner.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const pictures = join(root, 'target/browser');
// The packages lie where nothing is committed from, which is not where Node would look by itself.
const require = createRequire(join(pictures, 'tools/package.json'));
const { chromium } = require('playwright-core');
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

/** The widths that every page is looked at in: a small phone, and a desk. */
export const WIDTHS = [360, 1280];

const STARTING_MS = 20_000;
const WAITING_MS = 10_000;
const TABS_MAX = 100;
const CHROMIUM = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

mkdirSync(pictures, { recursive: true });
const local = join(root, 'target/debug/local');
const runner = spawn(local, ['--port', '0'], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
// Whatever ends a spec, its runner ends with it.
process.on('exit', () => runner.kill('SIGKILL'));

/** Where the runner is, for example `http://127.0.0.1:40123`. */
export const origin = await listening();

const token = execFileSync(local, ['token', '--scope', 'service'], { encoding: 'utf8' }).trim();
const withoutScripts = new WeakSet();
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: CHROMIUM });

after(async () => {
  await browser.close();
  runner.kill('SIGINT');
});

/** The runner says its address when it is ready to answer. */
function listening() {
  return new Promise((resolve, reject) => {
    let said = '';
    const late = setTimeout(() => reject(new Error(`the runner is not ready: ${said}`)), STARTING_MS);
    runner.on('error', reject);
    runner.on('exit', (code) => reject(new Error(`the runner ended with ${code}: ${said}`)));
    runner.stdout.setEncoding('utf8').on('data', (text) => {
      said += text;
      const address = said.match(/http:\/\/127\.0\.0\.1:\d+/);
      if (address) {
        clearTimeout(late);
        resolve(address[0]);
      }
    });
  });
}

/**
 * Go to a page in a browser of its own, take the steps, and see that the page kept to the rules: no
 * request outside its origin, none that failed, no error of a script or of the content security policy.
 *
 * `expects` lists the statuses of 400 and more that belong to the visit.
 */
export async function visit(path, options, steps) {
  const { width = 1280, scripts = true, language = 'en', scheme = 'light', motion = 'reduce', headers, expects = [] } = options;
  const context = await browser.newContext({
    viewport: { width, height: width < 600 ? 740 : 800 },
    javaScriptEnabled: scripts,
    locale: language,
    colorScheme: scheme,
    reducedMotion: motion,
    extraHTTPHeaders: headers,
  });
  const offences = [];
  await watch(context, expects, offences);
  const page = await context.newPage();
  if (!scripts) withoutScripts.add(page);
  page.setDefaultTimeout(WAITING_MS);
  try {
    await page.goto(new URL(path, origin).href);
    await steps(page);
    assert.deepEqual(offences, [], `${path} keeps to the rules`);
  } finally {
    await context.close();
  }
}

async function watch(context, expects, offences) {
  const isForeign = (url) => /^(https?|wss?):$/.test(url.protocol) && url.origin !== origin;
  await context.route(isForeign, (route) => {
    offences.push(`a request outside the origin: ${route.request().url()}`);
    return route.abort();
  });
  context.on('response', (response) => {
    if (response.status() >= 400 && !expects.includes(response.status())) {
      offences.push(`${response.status()} from ${response.request().method()} ${response.url()}`);
    }
  });
  context.on('requestfailed', (request) => {
    const why = request.failure()?.errorText;
    // What the page itself, or leaving it, cut short has not failed.
    if (why !== 'net::ERR_ABORTED') offences.push(`${why} from ${request.url()}`);
  });
  context.on('console', (message) => {
    // The browser's own line about a status is counted above, with its request.
    const isStatus = message.text().startsWith('Failed to load resource: the server responded');
    if (['error', 'warning'].includes(message.type()) && !isStatus) offences.push(message.text());
  });
  context.on('weberror', (error) => offences.push(`${error.error()}`));
}

/** axe-core finds nothing: not one violation of any of its rules, best practices included. */
export async function isAccessible(page) {
  const judged = withoutScripts.has(page) ? await reopened(page) : page;
  await judged.evaluate(axe);
  const { violations } = await judged.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  const told = violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map((node) => node.html).join(' | ')}`);
  assert.deepEqual(told, [], `axe finds no violation on ${page.url()}`);
}

/** Where scripts are off, axe cannot run: what is shown is shown once more where only the page's own are. */
async function reopened(page) {
  const markup = (await page.content()).replaceAll(/<(\/?)noscript\b/g, '<$1div');
  const again = await browser.newPage({ viewport: page.viewportSize() });
  page.context().on('close', () => again.close());
  await again.route(page.url(), (route) =>
    route.fulfill({
      body: markup,
      contentType: 'text/html; charset=utf-8',
      headers: { 'content-security-policy': "script-src 'none'" },
    }),
  );
  await again.goto(page.url());
  return again;
}

/** Nobody has to scroll sideways to read it. */
export async function fits(page) {
  const { needed, there } = await page.evaluate(() => ({
    needed: document.documentElement.scrollWidth,
    there: document.documentElement.clientWidth,
  }));
  assert.ok(needed <= there, `the page needs ${needed} of ${there} pixels`);
}

/** Press the tab key until the element has the focus; how often that was. */
export async function tabTo(page, element) {
  for (let tabs = 1; tabs <= TABS_MAX; tabs += 1) {
    await page.keyboard.press('Tab');
    if (await element.evaluate((node) => node === document.activeElement)) return tabs;
  }
  assert.fail(`${element} is not reached with the keyboard`);
}

/** A picture of the whole page, in target/browser. */
export async function picture(page, name) {
  await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true });
}

/**
 * A request to the runner, as a back office makes it; the answer's status and JSON. Its token is of the
 * computer's time: not for where a story has moved the runner's clock by half a day.
 */
export async function call(method, path, body, headers = {}) {
  const answer = await fetch(new URL(path, origin), {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body && { 'content-type': 'application/json' }),
      ...headers,
    },
    body: body && JSON.stringify(body),
  });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, body: text && JSON.parse(text) };
}
