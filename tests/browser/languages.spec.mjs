// The pages in three languages, at two widths, in light and in dark.

import test from 'node:test';

import { WIDTHS, visit } from './harness.mjs';
import { UNBUNDLED, isGood, somebody } from './people.mjs';

const LANGUAGES = {
  it: { send: 'Invia le mie scelte', choices: 'Le Sue scelte', stop: 'Disiscrizione' },
  en: { send: 'Send my choices', choices: 'Your choices', stop: 'Unsubscribe' },
  de: { send: 'Meine Entscheidungen senden', choices: 'Ihre Entscheidungen', stop: 'Abmelden' },
};

for (const [language, words] of Object.entries(LANGUAGES)) {
  test(`every page speaks ${language}`, async () => {
    const person = await somebody();
    for (const width of WIDTHS) {
      await visit(`/v1/forms/${UNBUNDLED}`, { width, language }, async (page) => {
        await page.getByRole('button', { name: words.send }).waitFor();
        await isGood(page, `form-${language}-${width}`);
      });
      await visit(person.preferences, { width, language, scheme: 'dark' }, async (page) => {
        await page.getByRole('heading', { level: 1, name: words.choices }).waitFor();
        await isGood(page, `preferences-${language}-${width}`);
      });
      await visit(person.unsubscribe, { width, language }, async (page) => {
        await page.getByRole('heading', { level: 1, name: words.stop }).waitFor();
        await isGood(page, `unsubscribe-${language}-${width}`);
      });
    }
  });
}
