import { describe, expect, test } from 'vitest';
import { tunRequest } from '../../../src/drivers/kernel/constants.js';
import { flagsRequest, interfaceRequest } from '../../../src/drivers/kernel/interfaceRequests.js';
import { messageLayout } from '../../../src/drivers/kernel/messageLayout.js';

/** What `offsetof` and `sizeof` are on Linux, for pointers of 4 bytes and of 8. */
const OFFSETS: readonly (readonly [
  field: keyof ReturnType<typeof messageLayout>,
  four: number,
  eight: number,
])[] = [
  ['name', 0, 0],
  ['nameLength', 4, 8],
  ['vectors', 8, 16],
  ['vectorCount', 12, 24],
  ['control', 16, 32],
  ['controlLength', 20, 40],
  ['flags', 24, 48],
  ['length', 28, 56],
  ['messageSize', 32, 64],
  ['vectorLength', 4, 8],
  ['vectorSize', 8, 16],
  ['controlLevel', 4, 8],
  ['controlType', 8, 12],
  ['controlData', 12, 16],
  ['controlAlignment', 4, 8],
];

describe.each([
  [32, 4, 1],
  [64, 8, 2],
] as const)('on a %d-bit machine', (_, longSize, column) => {
  test.each(OFFSETS)('%s is where the kernel has it', (...row) => {
    expect(messageLayout(longSize)[row[0]]).toBe(row[column]);
  });
});

test('all fields of the layout are known here', () => {
  expect(OFFSETS.map(([field]) => field).sort()).toEqual(Object.keys(messageLayout(8)).sort());
});

test('struct ifreq has room for what the kernel writes on 64-bit machines, its value at 16 on all', () => {
  expect(interfaceRequest('eth0')).toHaveLength(40);
  const request = flagsRequest('eth0', 0x1001);
  expect(new Uint16Array(request.buffer, 16, 1)).toEqual(Uint16Array.of(0x1001));
  expect(request.subarray(18).every((byte) => byte === 0)).toBe(true);
});

test('requests to the TUN driver have the numbers of linux/if_tun.h, of PowerPC its own', () => {
  for (const arch of ['x64', 'ia32', 'arm64', 'arm', 'riscv64', 'loong64']) {
    expect([202, 208, 216].map((number) => tunRequest(number, arch))).toEqual([
      0x4004_54ca, 0x4004_54d0, 0x4004_54d8,
    ]);
  }
  expect(tunRequest(202, 'ppc64')).toBe(0x8004_54ca);
});
