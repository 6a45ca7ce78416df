// Tint, Chrome's WGSL front end, reads every *.wgsl of a folder: node tint.mjs PACKAGE FOLDER, where PACKAGE is the folder
// of the npm package webgpu. Prints what it refuses and then how many files it read; Dawn's null device needs no GPU.
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const [packageFolder, folder] = process.argv.slice(2).map((path) => resolve(path));
const { create } = await import(pathToFileURL(join(packageFolder, 'index.js')));
// global, because what it hands out dies with it, and an optimiser may drop a local name after its last use
globalThis.gpu = create(['backend=null']);
const adapter = await globalThis.gpu.requestAdapter();
const device = await adapter.requestDevice();

let read = 0;
for (const file of readdirSync(folder).filter((name) => name.endsWith('.wgsl'))) {
  device.pushErrorScope('validation');
  const module = device.createShaderModule({ code: readFileSync(join(folder, file), 'utf8') });
  const { messages } = await module.getCompilationInfo();
  const error = await device.popErrorScope();
  for (const { lineNum, message } of messages.filter(({ type }) => type === 'error')) {
    console.log(`${file}, line ${lineNum}: ${message}`);
  }
  if (error && !messages.some(({ type }) => type === 'error')) {
    console.log(`${file}: ${error.message}`);
  }
  read += 1;
}
console.log(`read ${read}`);
// Dawn's own threads would keep the process
process.exit(0);
