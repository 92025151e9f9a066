// node build.mjs OUTPUT: bundles GraphiQL, its editor's workers and socket.io-client into the folder OUTPUT.

import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

import { build } from 'esbuild';

const outdir = process.argv[2];
const common = {
  bundle: true,
  minify: true,
  legalComments: 'none',
  logLevel: 'warning',
  define: { 'process.env.NODE_ENV': '"production"' },
  target: 'es2022',
  outdir,
};

await build({
  ...common,
  entryPoints: { page: 'page.jsx' },
  format: 'esm',
  splitting: true,
  chunkNames: 'chunks/[name]-[hash]',
  assetNames: 'media/[name]-[hash]',
  jsx: 'automatic',
  loader: { '.ttf': 'file' },
});

await build({
  ...common,
  entryPoints: {
    'editor.worker': 'monaco-editor/esm/vs/editor/editor.worker.js',
    'json.worker': 'monaco-editor/esm/vs/language/json/json.worker.js',
    'graphql.worker': 'monaco-graphql/esm/graphql.worker.js',
  },
  format: 'iife',
});

// As it was published, but for the map of its sources, which is not served.
const client = dirname(createRequire(import.meta.url).resolve('socket.io-client/package.json'));
await build({
  ...common,
  entryPoints: { 'socket.io': join(client, 'dist/socket.io.esm.min.js') },
  bundle: false,
  legalComments: 'inline',
  format: 'esm',
});
