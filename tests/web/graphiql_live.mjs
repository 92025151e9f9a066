// node graphiql_live.mjs SITE CHROMIUM SCREENSHOT: a subscription and a query with @live in GraphiQL, in a real browser.
//
// Each runs until it is stopped; what a mutation changes meanwhile is seen without running it again. Prints what it saw as JSON: what the
// `console` said, requests that `failed`, and of each operation the `results` and the messages that it `sent`.

import { chromium } from 'playwright-core';

const [site, executablePath, screenshot] = process.argv.slice(2);
const authorization = 'Bearer dev-1';
const operations = {
  subscription: 'subscription ByItself { task(id: 1) { title } }',
  query: 'query AsDeclared @live { task(id: 1) { title } }',
};
const seen = { failed: [], console: [], operations: {} };
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
try {
  const page = await browser.newPage({ viewport: { width: 1400, height: 800 } });
  page.setDefaultTimeout(30_000);
  page.on('requestfailed', (request) => seen.failed.push(`${request.url()} ${request.failure()?.errorText}`));
  page.on('response', (response) => {
    if (response.status() >= 400) seen.failed.push(`${response.url()} ${response.status()}`);
  });
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) seen.console.push(message.text());
  });
  page.on('pageerror', (error) => seen.console.push(String(error)));
  const sent = [];
  let told = () => {};
  page.on('websocket', (socket) =>
    socket.on('framesent', ({ payload }) => {
      const packet = /^42\/graphql,(.*)$/s.exec(payload);
      if (packet) sent.push(JSON.parse(packet[1])[0]);
      told();
    }),
  );

  await page.goto(`${site}/graphql`);
  await page.locator('.monaco-editor textarea, .monaco-editor .native-edit-context').first().waitFor({ state: 'attached' });
  await type('.graphiql-editor-tool', `{"Authorization": "${authorization}`);

  for (const [kind, text] of Object.entries(operations)) {
    sent.length = 0;
    const results = (seen.operations[kind] = { sent: [], results: [] });
    await rename(`before the ${kind}`);
    await type('.graphiql-query-editor', text);
    await page.keyboard.press('Escape');
    // GraphiQL reads what is typed a moment later, and runs what it has read.
    await page.locator('.graphiql-tab-button', { hasText: text.split(' ')[1] }).waitFor();
    await page.getByRole('button', { name: 'Execute query' }).click();
    results.results.push(await answer(`before the ${kind}`));
    await rename(`during the ${kind}`);
    results.results.push(await answer(`during the ${kind}`));
    await page.getByRole('button', { name: 'Stop query' }).click();
    while (!sent.includes('complete')) await new Promise((resolve) => { told = resolve; });
    await page.getByRole('button', { name: 'Execute query' }).waitFor();
    results.sent = [...sent];
  }
  await page.screenshot({ path: screenshot });

  async function type(selector, text) {
    await page.locator(selector).locator('.view-lines:visible').click();
    await page.keyboard.press('Control+A');
    await page.keyboard.insertText(text);
  }

  async function answer(title) {
    const shown = page.locator('.result-window .view-lines');
    // The editor shows blanks as others than those that are typed.
    await shown.filter({ hasText: new RegExp(title.replaceAll(' ', '.')) }).waitFor();
    return JSON.parse((await shown.innerText()).replaceAll('\u00a0', ' '));
  }

  async function rename(title) {
    const query = 'mutation ($input: UpdateTaskInput!) { updateTask(input: $input) { task { title } } }';
    const response = await page.request.post(`${site}/graphql`, {
      headers: { Authorization: authorization },
      data: { query, variables: { input: { taskId: '1', title } } },
    });
    const { data } = await response.json();
    if (data?.updateTask?.task?.title !== title) throw new Error(await response.text());
  }
} finally {
  await browser.close();
}
console.log(JSON.stringify(seen));
