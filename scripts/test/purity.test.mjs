import assert from 'node:assert/strict';
import { join, sep } from 'node:path';
import { test } from 'node:test';
import { checkSource, rules } from '../lib/purity.mjs';

const folder = join(sep, 'workspace', 'packages', 'nd');
const member = {
  folder,
  name: '@6bed4/nd',
  manifest: { dependencies: { '@6bed4/codec': '*', '@6bed4/tunnel': '*', 'ipaddr.js': '*' } },
};

function messages(text, rule = rules['@6bed4/nd']) {
  return checkSource(text, join(folder, 'src', 'file.ts'), member, rule).map(
    ({ line, message }) => `${line}: ${message}`,
  );
}

test('clocks, timers, chance and platform globals are found with their line', () => {
  assert.deepEqual(
    messages(`
      const now = Date.now();
      setTimeout(() => performance.now(), 1);
      const chance = Math.random() + Math['random']();
      console.log(process.pid, Buffer.alloc(1), globalThis.crypto);
      const { a } = { console };
      function g(self: number) {} const scope = self;
      new TextEncoder(); structuredClone(a); fetch('x');
      function f(bytes: Buffer, timer: NodeJS.Timeout): Date { return import.meta.url; }
    `),
    [
      '2: mentions Date',
      '3: mentions setTimeout',
      '3: mentions performance',
      '4: mentions Math.random',
      '4: mentions Math.random',
      '5: mentions console',
      '5: mentions process',
      '5: mentions Buffer',
      '5: mentions globalThis',
      '6: mentions console',
      '7: mentions self',
      '8: mentions TextEncoder',
      '8: mentions structuredClone',
      '8: mentions fetch',
      '9: mentions Buffer',
      '9: mentions NodeJS',
      '9: mentions Date',
      '9: mentions import.meta',
    ],
  );
});

test('comments, strings, names of members and what is declared here are no mention', () => {
  assert.deepEqual(
    messages(`
      import { self as other, window } from './names.js';
      const { process: renamed, fetch } = other;
      export function ask(self: { name: string }): string { return self.name + window + fetch; }
      // Date.now() and setTimeout are for drivers
      /* console.log */ const text = 'Math.random() process.exit';
      const template = \`Buffer \${text.length} // Date\`;
      interface Machine { process(): void; random: () => number; console?: string }
      class Relay { process(): void {} }
      const relay = { process: 1, performance: 2 };
      relay.process + Math.floor(1);
      loop: for (const each of []) { if (each === undefined) continue loop; break loop; }
      class Own<T extends string> extends Error { declare readonly name: T; }
      export type Names = { readonly [Key in keyof typeof relay as \`on\${string & Key}\`]: Partial<Key> };
      export { relay as connect, type Own };
      export default { a: 1, get b() { return this.a; }, [text]: 2 } satisfies Record<string, unknown>;
      function assertText(value: unknown): asserts value is string {}
      const f = (value: unknown): value is number => true;
      export * as all from './all.js';
      function over(a: number): void; function over(a: unknown): void { new.target; arguments; }
    `),
    [],
  );
});

test('imports are allowed downwards only and must be declared', () => {
  assert.deepEqual(
    messages(`
      import { parseIPv4 } from '@6bed4/codec';
      import { Router } from '@6bed4/tunnel';
      export * from './checksum.js';
      export type { X } from '@6bed4/codec';
      import ipaddr from 'ipaddr.js';
      import chalk from 'chalk';
      import { readFileSync } from 'node:fs';
      import type { Socket } from 'dgram';
      const late = import('node:os');
      const hidden = import(late);
      type Y = import('net').Socket;
      import old = require('fs');
    `),
    [
      '3: imports @6bed4/tunnel, which @6bed4/nd may not know',
      '5: imports ../../codec/src/index.js, outside its own src',
      '7: imports chalk, which is not in its dependencies',
      '8: imports the Node built-in node:fs',
      '9: imports the Node built-in dgram',
      '10: imports the Node built-in node:os',
      '11: import() of something that is not a literal',
      '12: imports the Node built-in net',
      '13: imports the Node built-in fs',
    ],
  );
});

test('a package for Node may name what is there', () => {
  assert.deepEqual(
    messages(`import { readFileSync } from 'node:fs';\nprocess.exit(Date.now());`, {
      imports: [],
      portable: false,
    }),
    [],
  );
});
