#!/usr/bin/env node
// Starts the built command line in this same process. Valid syntax on Node 18, so that an old Node gets a sentence.
const wanted = 24;
const program = new URL('../dist/main.mjs', import.meta.url);

if (Number(process.versions.node.split('.')[0]) < wanted) {
  console.error(`holdfast needs Node ${wanted} or newer; this is Node ${process.versions.node}.`);
  process.exit(3);
}
const { existsSync } = await import('node:fs');
if (!existsSync(program)) {
  console.error('holdfast is not built yet: run `npm run build` in its folder.');
  process.exit(1);
}
await import(program.href);
