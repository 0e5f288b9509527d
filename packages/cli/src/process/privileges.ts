import { loadKoffi } from './foreignFunctions.js';

// linux/prctl.h
const PR_CAPBSET_DROP = 24;
const PR_SET_NO_NEW_PRIVS = 38;
const PR_CAP_AMBIENT = 47;
const PR_CAP_AMBIENT_RAISE = 2;
const PR_CAP_AMBIENT_CLEAR_ALL = 4;

// fcntl(2)
const F_SETFD = 2;
const STANDARD_STREAMS = [0, 1, 2];

// linux/capability.h
const CAPABILITY_VERSION_3 = 0x2008_0522;
/** More than there are; the kernel refuses those that it does not know. */
const MOST_CAPABILITIES = 64;
const WORD = 0xffff_ffffn;

/** The system calls about the privileges of the calling thread, and of the threads that it starts. */
export interface Privileges {
  /** No program that is executed from now on gains privileges by set-user-ID bits or file capabilities. */
  forbidNewOnes(): void;
  /**
   * Sets the permitted and effective capabilities.
   *
   * @param passOn - the inheritable and ambient ones, for programs that this one starts; among `keep`
   */
  drop(keep: bigint, passOn: bigint): void;
  /** Takes all others from what root is given on execution; false when that is not allowed. */
  limit(keep: bigint): boolean;
  /** Runs something with only these capabilities effective. */
  without<T>(keep: bigint, action: () => T): T;
  /** Replaces the program of this process. Returns only when that fails. */
  execute(path: string, args: readonly string[]): void;
}

/** Binds them; null where that is not possible. */
export async function bindPrivileges(): Promise<Privileges | null> {
  try {
    const koffi = await loadKoffi();
    const library = koffi.load(null);
    const prctl = library.func(
      'int prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d)',
    );
    const capget = library.func('int capget(void *header, void *data)');
    const capset = library.func('int capset(void *header, void *data)');
    const execve = library.func(
      'int execve(const char *path, const char **args, const char **env)',
    );
    const fcntl = library.func('int fcntl(int fd, int command, unsigned long argument)');
    const einval = koffi.os.errno['EINVAL'];
    /** struct __user_cap_data_struct[2]: effective, permitted and inheritable, each in two halves. */
    const data = new Uint32Array(6);
    const set = (effective: bigint, permitted: bigint, inheritable = 0n): void => {
      for (const [half, shift] of [0n, 32n].entries()) {
        data[3 * half] = Number((effective >> shift) & WORD);
        data[3 * half + 1] = Number((permitted >> shift) & WORD);
        data[3 * half + 2] = Number((inheritable >> shift) & WORD);
      }
      capset(header(), data);
    };
    return {
      forbidNewOnes: () => prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0),
      drop(keep, passOn) {
        prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
        set(keep, keep, passOn);
        for (let bit = 0; bit < MOST_CAPABILITIES; bit++) {
          if ((passOn & (1n << BigInt(bit))) === 0n) continue;
          prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, bit, 0, 0);
        }
      },
      limit(keep) {
        for (let bit = 0; bit < MOST_CAPABILITIES; bit++) {
          if ((keep & (1n << BigInt(bit))) !== 0n) continue;
          if (prctl(PR_CAPBSET_DROP, bit, 0, 0, 0) < 0) return koffi.errno() === einval;
        }
        return true;
      },
      without(keep, action) {
        capget(header(), data);
        const permitted = BigInt(data[1]!) | (BigInt(data[4]!) << 32n);
        set(permitted & keep, permitted);
        try {
          return action();
        } finally {
          set(permitted, permitted);
        }
      },
      execute(path, args) {
        const environment = Object.entries(process.env).map(([name, value]) => `${name}=${value}`);
        // Node.js has marked them to be closed on execution.
        for (const fd of STANDARD_STREAMS) fcntl(fd, F_SETFD, 0);
        execve(path, [...args, null], [...environment, null]);
      },
    };
  } catch {
    return null;
  }
}

/** struct __user_cap_header_struct, for the calling thread. */
function header(): Uint32Array {
  return Uint32Array.of(CAPABILITY_VERSION_3, 0);
}
