/** The parts of a soak: what vitest is told to run, and by which variables its tests know for how long. */
export const PARTS = {
  sim: {
    title: 'In virtual time',
    arguments: ['--project', 'simulator', 'test/soak/soak.test.ts'],
    environment: ({ hours, seed }) => ({ HOURS: String(hours), SEED: String(seed) }),
  },
  tcp: {
    title: 'Properties of TCP',
    arguments: [
      ...['--project', 'tcp', '--project', 'simulator'],
      ...['test/properties/transfer.test.ts', 'test/properties/tcp.test.ts', 'test/hostile'],
    ],
    environment: ({ hours }) => ({ RUNS: String(Math.ceil(hours)) }),
    hasNoReport: true,
  },
  real: {
    title: 'On real kernels',
    arguments: ['--project', 'cli-*', 'test/kernel/soak.test.ts'],
    environment: ({ hours }) => ({ SOAK_HOURS: String(hours), SIXBED4_REQUIRE_KERNEL: '1' }),
  },
};
