const { expect, test } = require('@jest/globals');

/** What the packages export, from the test that runs this one. */
const modules = JSON.parse(process.env.SIXBED4_MODULES);

test.each(modules)('%s is loaded by require', (name) => {
  expect(Object.keys(require(name))).not.toEqual([]);
});

test('datagrams and bytes arrive', async () => {
  const { hello } = require('../hello/hello.cjs');
  expect(await hello(require('@6bed4/node'))).toBe('hello world');
});

test('errors are instances of the class that programs know', async () => {
  const { InvalidArgumentError } = require('@6bed4/codec');
  await expect(require('@6bed4/node').openTunnel({ routers: 'x y' })).rejects.toThrow(
    InvalidArgumentError,
  );
});
