import { machine } from 'node:os';

/**
 * Loads the foreign function library, whose binary for 32-bit ARM has instructions that ARMv6 does not have: there, as on the
 * first Raspberry Pi, it would end the process.
 *
 * @throws Error where it does not work
 */
export async function loadKoffi(): Promise<typeof import('koffi')['default']> {
  if (machine() === 'armv6l') throw new Error('koffi needs ARMv7');
  const { default: koffi } = await import('koffi');
  return koffi;
}
