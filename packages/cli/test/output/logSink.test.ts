import { execFileSync } from 'node:child_process';
import {
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { LogSink } from '../../src/output/logSink.js';

const { O_RDWR, O_NONBLOCK } = constants;
const LINE = `${'x'.repeat(999)}\n`;

/** A pipe that takes no more than it has room for, and its reader. */
class Pipe {
  readonly fd: number;

  constructor(folder: string) {
    const path = join(folder, 'pipe');
    execFileSync('mkfifo', [path]);
    this.fd = openSync(path, O_RDWR | O_NONBLOCK);
  }

  /** Writes until it is full; the number of bytes. */
  fill(): number {
    let bytes = 0;
    for (;;) {
      try {
        bytes += writeSync(this.fd, 'f');
      } catch {
        return bytes;
      }
    }
  }

  /** All that is in it. */
  read(): string {
    const buffer = Buffer.alloc(1 << 16);
    let text = '';
    for (;;) {
      try {
        text += buffer.toString('latin1', 0, readSync(this.fd, buffer));
      } catch {
        return text;
      }
    }
  }
}

describe.runIf(process.platform === 'linux')('LogSink', () => {
  let folder: string;
  let told: [number, string | null][];
  let sink: LogSink | null;

  const open = (fd: number): LogSink => {
    sink = new LogSink(fd, (lines, code) => told.push([lines, code]));
    return sink;
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), '6bed4-sink-'));
    told = [];
    sink = null;
  });

  afterEach(async () => {
    await sink?.close(0);
    rmSync(folder, { recursive: true });
  });

  test('writes lines in order, and the last ones when it is closed', async () => {
    const path = join(folder, 'log');
    const log = open(openSync(path, 'w'));
    for (const line of ['one\n', 'two\n', 'three\n']) log.write(line);
    await log.close(5000);
    sink = null;
    expect(readFileSync(path, 'latin1')).toBe('one\ntwo\nthree\n');
  });

  test('waits for no reader, keeps a bounded number of lines, and tells how many were lost', async () => {
    const pipe = new Pipe(folder);
    pipe.fill();
    const log = open(pipe.fd);
    const before = performance.now();
    for (let count = 0; count < 1000; count++) log.write(LINE);
    // What a blocking write would take is without end.
    expect(performance.now() - before).toBeLessThan(1000);
    expect(log.lost).toBeGreaterThan(700);
    expect(log.lost).toBeLessThan(800);
    expect(told).toEqual([]);
    let text = '';
    await vi.waitFor(
      () => {
        text += pipe.read();
        expect(told).toEqual([[log.lost, null]]);
      },
      { timeout: 20_000, interval: 20 },
    );
    text += pipe.read();
    const lines = text.replace(/^f*/, '').split('\n');
    expect(lines.filter((line) => `${line}\n` === LINE)).toHaveLength(1000 - log.lost);
    log.write('again\n');
    await vi.waitFor(() => expect(pipe.read()).toBe('again\n'));
    expect(told).toHaveLength(1);
  });

  test('goes on when writing fails, and tells the failure', async () => {
    const full = openSync('/dev/full', 'w');
    const log = open(full);
    for (let count = 0; count < 300; count++) log.write(LINE);
    await sleep(300);
    expect(log.lost).toBeGreaterThan(0);
    expect(told).toEqual([]);
    // The disk has room again.
    const path = join(folder, 'log');
    closeSync(full);
    // Others of this process may have closed lower ones meanwhile, which are taken first.
    while (openSync(path, 'w') !== full);
    await vi.waitFor(() => expect(told).toEqual([[log.lost, 'ENOSPC']]), { timeout: 5000 });
    expect(readFileSync(path, 'latin1')).toBe(LINE.repeat(300 - log.lost));
  });

  test('goes on when nobody reads any more', async () => {
    const path = join(folder, 'pipe');
    execFileSync('mkfifo', [path]);
    const reader = openSync(path, constants.O_RDONLY | O_NONBLOCK);
    const log = open(openSync(path, constants.O_WRONLY | O_NONBLOCK));
    closeSync(reader);
    log.write('lost\n');
    await sleep(50);
    log.write('lost, too\n');
    await sleep(50);
    await log.close(1000);
    sink = null;
  });

  test('ends in time, whatever waits to be written', async () => {
    const pipe = new Pipe(folder);
    pipe.fill();
    const log = open(pipe.fd);
    log.write(LINE);
    const before = performance.now();
    await log.close(100);
    sink = null;
    expect(performance.now() - before).toBeLessThan(1000);
  });
});
