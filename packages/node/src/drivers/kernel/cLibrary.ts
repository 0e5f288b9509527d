import { machine } from 'node:os';
import { StartError } from '../../errors.js';

/** The error numbers of the C library. */
export interface ErrorNumbers {
  /** The error number of the last failure in this thread. */
  errno(): number;
  /** The name of an error number, such as `ENOBUFS`. */
  nameOf(errno: number): string;
  /** The error number of a name, for comparisons on the data path; -1 for an unknown name. */
  numberOf(name: string): number;
}

/**
 * Opens the C library of this process through the foreign function library.
 *
 * @param bind - declares the functions that are wanted
 * @throws StartError with code `ENOTSUP` where that is not possible
 */
export async function bindLibrary<T>(
  bind: (library: ReturnType<Koffi['load']>, errors: ErrorNumbers, koffi: Koffi) => T,
): Promise<T> {
  // Its binary for 32-bit ARM has instructions that ARMv6 does not have: they would end the process.
  if (machine() === 'armv6l') {
    throw new StartError('ENOTSUP', 'the library koffi needs ARMv7 or newer, found armv6l');
  }
  try {
    const { default: koffi } = await import('koffi');
    const numbers = koffi.os.errno;
    const names = new Map(Object.entries(numbers).map(([name, number]) => [number, name]));
    const errors: ErrorNumbers = {
      errno: () => koffi.errno(),
      nameOf: (errno) => names.get(errno) ?? `error ${errno}`,
      numberOf: (name) => numbers[name] ?? -1,
    };
    return bind(koffi.load(null), errors, koffi);
  } catch (cause) {
    const target = `${process.platform} ${process.arch}`;
    throw new StartError('ENOTSUP', `the library koffi does not work on ${target}`, { cause });
  }
}

type Koffi = typeof import('koffi')['default'];
