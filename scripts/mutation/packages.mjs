/**
 * What is mutated, by package: the files that decide what the bytes of others do, and the score that
 * each must reach, in percent of its mutants. `tests` is the folder of tests that judge them.
 */
export const packages = {
  codec: {
    mutate: ['packages/codec/src/**/*.ts', '!packages/codec/src/index.ts'],
    tests: 'packages/codec/test',
    least: 95,
  },
  nd: {
    mutate: ['packages/nd/src/**/*.ts', '!packages/nd/src/index.ts'],
    tests: 'packages/nd/test',
    least: 95,
  },
  tcp: {
    mutate: ['packages/tcp/src/**/*.ts', '!packages/tcp/src/index.ts'],
    tests: 'packages/tcp/test',
    least: 90,
  },
  tunnel: {
    mutate: ['address', 'discovery', 'machine', 'packet', 'peer', 'peering', 'router'].map(
      (folder) => `packages/tunnel/src/${folder}/**/*.ts`,
    ),
    tests: 'packages/tunnel/test',
    least: 90,
  },
  node: {
    mutate: [
      'packages/node/src/drivers/linux/offload/**/*.ts',
      'packages/node/src/drivers/kernel/virtioHeader.ts',
    ],
    tests: 'packages/node/test/drivers/linux',
    least: 90,
  },
};
