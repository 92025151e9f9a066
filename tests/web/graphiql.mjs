// node graphiql.mjs URL CHROMIUM SCREENSHOT: uses GraphiQL in a real browser as a developer would.
//
// Signs in, opens the page, opens the docs, types a header and a query, runs it. Prints what it saw as JSON: `failed`
// requests, requests that went elsewhere (`foreign`), what the `console` said, `docs` and the `result`.

import { chromium } from 'playwright-core';

const [url, executablePath, screenshot] = process.argv.slice(2);
const { origin } = new URL(url);
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
const seen = { failed: [], foreign: [], console: [] };
try {
  const page = await browser.newPage({ viewport: { width: 1400, height: 800 } });
  page.setDefaultTimeout(30_000);
  page.on('request', (request) => {
    const address = new URL(request.url());
    if (!['data:', 'blob:'].includes(address.protocol) && address.origin !== origin) seen.foreign.push(request.url());
  });
  page.on('requestfailed', (request) => seen.failed.push(`${request.url()} ${request.failure()?.errorText}`));
  page.on('response', (response) => {
    if (response.status() >= 400) seen.failed.push(`${response.url()} ${response.status()}`);
  });
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) seen.console.push(message.text());
  });
  page.on('pageerror', (error) => seen.console.push(String(error)));

  await page.request.get(`${origin}/sign-in`);
  await page.goto(url);
  const editors = page.locator('.monaco-editor textarea, .monaco-editor .native-edit-context');
  await editors.first().waitFor({ state: 'attached' });

  await page.getByRole('button', { name: 'Show Documentation Explorer' }).click();
  await page.getByRole('link', { name: 'Query', exact: true }).click();
  await page.getByRole('link', { name: 'viewer', exact: true }).first().waitFor();
  seen.docs = await page.locator('.graphiql-doc-explorer').innerText();

  // The editor closes quotes and braces by itself.
  await type('.graphiql-editor-tool', '{"Authorization": "Bearer dev-1');
  await type('.graphiql-query-editor', '{ viewer ');
  await page.locator('.suggest-widget.visible').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Execute query' }).click();
  const answer = page.locator('.result-window .view-lines');
  await answer.filter({ hasText: 'viewer' }).waitFor();
  seen.result = (await answer.innerText()).replaceAll('\u00a0', ' ');
  await page.screenshot({ path: screenshot });

  async function type(selector, text) {
    await page.locator(selector).locator('.view-lines:visible').click();
    await page.keyboard.press('Control+A');
    await page.keyboard.insertText(text);
  }
} finally {
  await browser.close();
}
console.log(JSON.stringify(seen));
