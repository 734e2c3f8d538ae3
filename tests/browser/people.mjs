// Who uses the pages in the specs: people with links, and the campaign service that mails them.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before } from 'node:test';

import { call, fits, isAccessible, picture } from './harness.mjs';

export const BUNDLED = 'bmw-italia-promotional';
export const UNBUNDLED = 'bmw-italia-promotional-unbundled';

let people = 0;

/** Somebody who allowed much, and the links of a mail to it. */
export async function somebody() {
  people += 1;
  const id = `somebody-${people}`;
  const consent = {
    notice: { id: BUNDLED, version: 1, language: 'it' },
    brand: 'bmw',
    source: 'form',
    controls: ['promotional', 'vehicle-usage'],
    channels: ['email', 'phone', 'sms'],
    evidence: { kind: 'signed-in' },
  };
  await call('PUT', `/v1/subjects/${id}/relations/dealer-sales/purchase/vehicle-1`, { delivered_on: '2026-03-01' });
  await call('POST', `/v1/subjects/${id}/consents`, consent, { 'idempotency-key': `"${id}"` });
  const { body } = await call('POST', `/v1/subjects/${id}/links`, { unsubscribe: 'marketing/email' });
  const path = (link) => new URL(link.url).pathname;
  return { id, preferences: path(body.preferences), unsubscribe: path(body.unsubscribe) };
}

/** The facets that somebody allows. */
export async function active(person) {
  const { body } = await call('GET', `/v1/subjects/${person.id}`);
  return Object.keys(body.facets).filter((facet) => body.facets[facet].state === 'active');
}

/** It fits, everybody can use it, and there is a picture of it to look at. */
export async function isGood(page, name) {
  await fits(page);
  await isAccessible(page);
  await picture(page, name);
}

/** Take the campaign service's place; returns how to wait for the next link that it is asked to mail. */
export function campaignService() {
  const links = [];
  const service = createServer((request, response) => {
    let body = '';
    request.on('data', (part) => (body += part));
    request.on('end', () => {
      const { changes } = JSON.parse(body).data;
      const asked = changes.filter(({ change }) => change === 'confirmation-requested');
      links.push(...asked.map(({ link }) => new URL(link).pathname));
      response.writeHead(204).end();
    });
  });
  before(async () => {
    await new Promise((resolve) => service.listen(0, '127.0.0.1', resolve));
    const endpoint = `http://127.0.0.1:${service.address().port}/`;
    const settings = { kind: 'processor', role: 'processor', authorised: true, sharing: true, endpoint };
    const { status, body } = await call('PUT', '/v1/recipients/campaign-service', settings);
    assert.ok(status < 300, JSON.stringify(body));
  });
  after(() => service.close());

  return async () => {
    for (let tries = 0; tries < 100 && links.length === 0; tries += 1) await new Promise((go) => setTimeout(go, 100));
    assert.ok(links.length > 0, 'the campaign service was asked to mail a link');
    return links.shift();
  };
}
