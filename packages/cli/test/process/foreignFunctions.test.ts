import { expect, test, vi } from 'vitest';
import { loadKoffi } from '../../src/process/foreignFunctions.js';
import { bindPrivileges } from '../../src/process/privileges.js';

const machine = vi.hoisted(() => ({ name: 'x86_64' }));
vi.mock('node:os', async (original) => ({
  ...(await original<typeof import('node:os')>()),
  machine: () => machine.name,
}));

test('the foreign function library is not loaded on ARMv6, where it would end the process', async () => {
  machine.name = 'armv6l';
  await expect(loadKoffi()).rejects.toThrow('koffi needs ARMv7');
  expect(await bindPrivileges()).toBeNull();
  machine.name = 'armv7l';
  expect(await loadKoffi()).toHaveProperty('load');
});
