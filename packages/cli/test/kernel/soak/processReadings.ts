import { readdirSync, readFileSync } from 'node:fs';
import type { Reading } from '@6bed4/testing/soak/statistics';

/** Memory in MB and open descriptors of a process, read from time to time. */
export class ProcessReadings {
  readonly memory: Reading[] = [];
  readonly descriptors: Reading[] = [];

  /** Reads both; nothing when the process is gone. */
  read(pid: number, at: number): void {
    try {
      const status = readFileSync(`/proc/${pid}/status`, 'utf8');
      const kilobytes = Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]);
      // It has none any more when it ends.
      if (!Number.isFinite(kilobytes)) return;
      this.memory.push({ at, value: kilobytes / 1024 });
      this.descriptors.push({ at, value: readdirSync(`/proc/${pid}/fd`).length });
    } catch {
      // It is being restarted.
    }
  }
}
