// node apply.mjs: for each line `[document, patch]` of its input, a line with what the client makes of it.

import { createInterface } from 'node:readline';

import { applyPatch } from '../../bff/protocol/client/client.js';
import { frozen } from './scripted.mjs';

for await (const line of createInterface({ input: process.stdin })) {
  const [document, patch] = frozen(JSON.parse(line));
  process.stdout.write(`${JSON.stringify(applyPatch(document, patch))}\n`);
}
