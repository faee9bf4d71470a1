// The dashboard in a real browser, over the real binary: the demo on a free port.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { chromium } from 'playwright-core';

const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

let folder, server, browser, page, base;
const complaints = [];

const freePort = () =>
  new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });

const send = (method, path, body) =>
  fetch(base + path, { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'wayfare-e2e-'));
  const address = `127.0.0.1:${await freePort()}`;
  base = `http://${address}`;
  const program = process.env.WAYFARE_PROGRAM ?? '../target/debug/wayfare';
  server = spawn(program, ['demo', '--listen', address, '--data', join(folder, 'demo.db'), '--rate', '8'], { stdio: 'inherit' });
  for (let tries = 0; ; tries++) {
    const ready = await fetch(`${base}/health/ready`).then((answer) => answer.ok, () => false);
    if (ready) break;
    assert.ok(tries < 200, 'the demo does not start');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: FLAGS });
  page = await browser.newPage({ viewport: { width: 1400, height: 850 } });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  page.on('request', (request) => {
    if (!request.url().startsWith(base) && !/^(data|blob):/.test(request.url())) complaints.push(`asked ${request.url()}`);
  });
});

after(async () => {
  await browser?.close();
  server?.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

test('the journeys are listed and their counts move without a reload', async () => {
  await page.goto(base);
  await page.waitForSelector('.card');
  assert.equal(await page.locator('.card').count(), 5);
  const entered = () => page.locator('.card dd').allTextContents();
  const first = (await entered()).join();
  await page.waitForFunction((before) => [...document.querySelectorAll('.card dd')].map((d) => d.textContent).join() !== before, first);
});

test('a journey is drawn with its people, and a step leads to its line', async () => {
  await page.goto(`${base}/journeys/vipReward`);
  await page.waitForSelector('[data-step="if-1"]');
  assert.ok((await page.locator('.step').count()) >= 5);
  await page.waitForFunction(() => /[1-9]\d* passed/.test(document.querySelector('[data-step="if-1"]')?.textContent ?? ''));
  await page.click('[data-step="if-1"]');
  assert.match(await page.locator('.source mark').textContent(), /if status\.vip/);
});

test('a person shows what happened, and why an event started nothing', async () => {
  const put = await send('PUT', '/v1/profiles/eve', { userId: 'eve', phoneNumber: '+49', firstName: '<img src=x onerror=alert(1)>' });
  assert.equal(put.status, 200);
  const cart = { cartId: 'k', total: 5, items: [] };
  for (const id of ['1', '2']) {
    assert.equal((await send('POST', '/v1/events', { id, event: 'Cart Abandoned', profile: 'eve', properties: cart })).status, 202);
  }
  await page.goto(`${base}/people/eve`);
  await page.waitForSelector('text=Did not start cartReminder: already inside for k');
  await page.waitForSelector('text=Started cartReminder');
  assert.match(await page.locator('.attributes').textContent(), /<img src=x/, 'what a person holds is shown, never run');
  await page.click('td >> text=wait-1');
  await page.waitForSelector('text=Waits for the end of a pause');
});

test('an event that was refused is shown with the reason and what came', async () => {
  assert.equal((await send('PUT', '/v1/profiles/mallory', { userId: 'mallory', phoneNumber: '+49' })).status, 200);
  const bad = { id: 'b1', event: 'Cart Abandoned', profile: 'mallory', properties: { cartId: '<b>k</b>', total: 'many', items: [] } };
  assert.equal((await send('POST', '/v1/events', bad)).status, 422);
  await page.goto(`${base}/refused`);
  await page.click('tr:has-text("mallory") summary');
  await page.waitForSelector('tr:has-text("mallory") pre:has-text("<b>k</b>")');
  assert.match(await page.locator('tr:has-text("mallory")').textContent(), /properties\.total.*expected decimal/);
  await page.click('td a >> text=mallory');
  await page.waitForSelector('h2 >> text=Refused events');
  await page.waitForSelector('text=expected decimal');
});

test('who failed is found, and retried or skipped', async () => {
  // A profile without a phone number makes no message; the demo's partner refuses some calls for good as well.
  await page.goto(`${base}/failed`);
  await page.waitForSelector('tbody tr', { timeout: 60_000 });
  const row = page.locator('tbody tr').last();
  const step = await row.locator('a[href^="/instances/"]').getAttribute('href');
  await row.getByRole('button', { name: 'Skip' }).click();
  await page.waitForFunction((href) => !document.querySelector(`a[href="${href}"]`), step);
});

test('a request is looked at before it is sent, and the HTML of a message runs nowhere', async () => {
  await page.goto(`${base}/preview`);
  await page.getByLabel('Action or message').selectOption('dispatch');
  await page.getByLabel('or attributes of a sample person').fill('{"customerId": "c1", "userId": "u1", "firstName": "Ada", "phoneNumber": "+49"}');
  await page.getByLabel('Event').fill('{"event": "Order Completed", "properties": {"orderId": "<b>o1", "total": 5, "items": []}}');
  await page.getByRole('button', { name: 'Show the request' }).click();
  const request = page.getByLabel('Request').locator('pre');
  await request.waitFor();
  assert.match(await request.textContent(), /^POST http.*\/warehouse\/dispatch\n/);
  assert.match(await request.textContent(), /: ••••\n/);
  assert.match(await request.textContent(), /"orderId": "<b>o1"/);

  // What a message says is the work of strangers: here it tries everything.
  const html = `<p>Hello</p><script>parent.document.title = 'taken'; fetch('/v1/profiles/c1')</script>
    <img src=x onerror="parent.document.title = 'taken'"><form action="/v1/events"><button>go</button></form>`;
  await page.route('**/v1/preview', (route) =>
    route.fulfill({ json: { kind: 'message', action: 'mail', fields: [{ name: 'html', value: html }], request: { method: 'POST', url: 'https://x', headers: [], body: null } } }),
  );
  const heard = complaints.length;
  await page.getByRole('button', { name: 'Show the request' }).click();
  const frame = page.locator('iframe[title="html"]');
  await frame.waitFor();
  assert.equal(await frame.getAttribute('sandbox'), '');
  const inside = await (await frame.elementHandle()).contentFrame();
  await inside.waitForLoadState();
  assert.equal(await inside.locator('p').textContent(), 'Hello');
  assert.notEqual(await page.title(), 'taken');
  // An origin of nobody's: what is outside cannot be reached from inside.
  assert.equal(await frame.evaluate((element) => element.contentDocument), null);
  await page.unroute('**/v1/preview');
  // The browser says that it stopped the script and the picture; nothing was asked of anybody.
  const said = complaints.splice(heard);
  assert.ok(said.every((line) => /sandbox|Content Security Policy|Blocked script/i.test(line)), said.join('\n'));
});

test('all that failed and fit are done with at once, after a second look', async () => {
  await page.goto(`${base}/failed`);
  await page.waitForSelector('tbody tr', { timeout: 60_000 });
  assert.equal(await page.getByRole('button', { name: 'Skip all' }).count(), 0, 'nothing is chosen yet');
  const journey = await page.locator('tbody tr').first().locator('td').nth(1).textContent();
  await page.getByLabel('Journey').selectOption(journey.trim().split(' ')[0]);
  await page.getByRole('button', { name: 'Skip all' }).click();
  await page.getByRole('button', { name: 'No', exact: true }).click();
  await page.getByRole('button', { name: 'Skip all' }).click();
  await page.getByRole('button', { name: 'Yes, skip all' }).click();
  await page.waitForSelector('text=/[1-9]\\d* done/');
});

test('it is seen how calls go, and a connection is held', async () => {
  await page.goto(`${base}/connections`);
  const rewards = page.getByRole('region', { name: 'rewards' });
  await rewards.locator('tbody tr').first().waitFor({ timeout: 30_000 });
  assert.match(await rewards.locator('tbody').textContent(), /ms/);
  await rewards.getByRole('button', { name: 'Pause' }).click();
  await rewards.locator('text=paused').waitFor();
  await rewards.getByRole('button', { name: 'Resume' }).click();
  await rewards.locator('text=open for calls').waitFor();
});

test('the suppression list is asked about an address, which is put on it and, after a second look, taken off', async () => {
  await page.goto(base);
  await page.getByRole('link', { name: 'Suppressed' }).click();
  await page.getByText('holds keyed hashes and no addresses').waitFor();
  // By the keyboard alone.
  const answer = page.getByRole('status').filter({ hasNotText: 'live' });
  await page.getByLabel('Address').fill('Zoë <ZOE@example.com>');
  await page.keyboard.press('Enter');
  await answer.getByText('It is not on the list').waitFor();
  await page.getByRole('button', { name: 'Put it on the list' }).press('Enter');
  await answer.getByText('It gets no message').waitFor();
  const listed = () => page.locator('.counts div', { hasText: 'listed' }).locator('dd').textContent();
  await page.waitForFunction(() => [...document.querySelectorAll('.counts div')].some((one) => one.textContent === 'listed1'));
  assert.equal(await listed(), '1');
  const found = await (await send('POST', '/v1/suppressions/find', { address: 'zoe@example.com' })).json();
  assert.equal(found.reason, 'listed');
  // No is where the focus is, and changes nothing.
  await page.getByRole('button', { name: 'Take it off the list' }).press('Enter');
  const doubt = page.getByRole('group', { name: 'Let messages go to it again?' });
  await doubt.waitFor();
  assert.equal(await page.evaluate(() => document.activeElement?.textContent), 'No');
  await page.keyboard.press('Enter');
  await doubt.waitFor({ state: 'detached' });
  assert.equal(await page.evaluate(() => document.activeElement?.textContent), 'Take it off the list');
  await page.keyboard.press('Enter');
  await doubt.getByRole('button', { name: 'Yes, take it off' }).press('Enter');
  await answer.getByText('It is not on the list').waitFor();
  assert.equal(await page.evaluate(() => document.activeElement?.textContent), 'Put it on the list');
  assert.equal((await (await send('POST', '/v1/suppressions/find', { address: 'zoe@example.com' })).json()).reason, null);
  // No address is ever a part of a URL, where the logs of a proxy would have it.
  assert.ok(!page.url().includes('zoe'));
});

test('nothing complained, and nothing was asked of anybody else', () => {
  assert.deepEqual(complaints, []);
});
