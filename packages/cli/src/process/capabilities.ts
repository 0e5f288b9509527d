import { readdirSync, readFileSync } from 'node:fs';

/** Names of the capabilities of Linux, by number (capabilities(7)). */
const NAMES = [
  ...['chown', 'dac_override', 'dac_read_search', 'fowner', 'fsetid', 'kill', 'setgid', 'setuid'],
  ...['setpcap', 'linux_immutable', 'net_bind_service', 'net_broadcast', 'net_admin', 'net_raw'],
  ...['ipc_lock', 'ipc_owner', 'sys_module', 'sys_rawio', 'sys_chroot', 'sys_ptrace', 'sys_pacct'],
  ...['sys_admin', 'sys_boot', 'sys_nice', 'sys_resource', 'sys_time', 'sys_tty_config', 'mknod'],
  ...['lease', 'audit_write', 'audit_control', 'setfcap', 'mac_override', 'mac_admin', 'syslog'],
  ...['wake_alarm', 'block_suspend', 'audit_read', 'perfmon', 'bpf', 'checkpoint_restore'],
];

/** The capabilities that daemons may need, as bits. */
export const Capability = {
  /** Directories and files of others, for writing, too. */
  dacOverride: 1n << 1n,
  /** Directories and files of others, for reading. */
  dacReadSearch: 1n << 2n,
  /** UDP ports below 1024. */
  netBindService: 1n << 10n,
  /** The interface, its addresses and routes. */
  netAdmin: 1n << 12n,
} as const;

const TASKS = '/proc/self/task';

/** A set of capabilities in the `status` of a process or thread, such as `CapPrm`. */
export function capabilitySet(status: string, set: string): bigint {
  const digits = new RegExp(`^${set}:\\s*([0-9a-f]+)$`, 'm').exec(status)?.[1] ?? '0';
  return BigInt(`0x${digits}`);
}

/** The capabilities that any thread of this process has or may take; null where there are none such. */
export function capabilitiesInUse(): string[] | null {
  let all = 0n;
  try {
    for (const task of readdirSync(TASKS)) {
      all |= capabilitySet(readFileSync(`${TASKS}/${task}/status`, 'latin1'), 'CapPrm');
    }
  } catch {
    return null;
  }
  return NAMES.filter((_, bit) => (all & (1n << BigInt(bit))) !== 0n);
}
