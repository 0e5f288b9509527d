import { expect, test, vi } from 'vitest';
import { bindLibrary } from '../../../src/drivers/kernel/cLibrary.js';

vi.mock('node:os', async (original) => ({
  ...(await original<typeof import('node:os')>()),
  machine: () => 'armv6l',
}));
vi.mock('koffi', () => {
  throw new Error('illegal instruction');
});

test('ARMv6 is refused before the library is loaded, which would end the process', async () => {
  await expect(bindLibrary(() => null)).rejects.toMatchObject({
    code: 'ENOTSUP',
    message: 'the library koffi needs ARMv7 or newer, found armv6l',
  });
});
