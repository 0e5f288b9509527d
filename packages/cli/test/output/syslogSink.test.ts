import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import koffi from 'koffi';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { SyslogSink } from '../../src/output/syslogSink.js';

const MSG_DONTWAIT = 0x40;

/** A syslog of its own: a socket of datagrams, as at /dev/log. */
class Syslog {
  readonly #library = koffi.load(null);
  readonly #recv = this.#library.func(
    'long recv(int fd, _Out_ uint8_t *to, size_t size, int flags)',
  );
  readonly #fd: number;

  constructor(path: string) {
    const socket = this.#library.func('int socket(int domain, int type, int protocol)');
    const bind = this.#library.func('int bind(int fd, const void *address, unsigned int size)');
    this.#fd = socket(1, 2, 0);
    const address = Buffer.concat([Buffer.from([1, 0]), Buffer.from(`${path}\0`)]);
    expect(bind(this.#fd, address, address.length)).toBe(0);
  }

  /** The messages that wait. */
  read(): string[] {
    const messages: string[] = [];
    const buffer = Buffer.alloc(4096);
    for (;;) {
      const length = Number(this.#recv(this.#fd, buffer, buffer.length, MSG_DONTWAIT));
      if (length < 0) return messages;
      messages.push(buffer.toString('utf8', 0, length));
    }
  }

  close(): void {
    this.#library.func('int close(int fd)')(this.#fd);
  }
}

describe.runIf(process.platform === 'linux')('SyslogSink', () => {
  let folder: string;
  let path: string;
  let sink: SyslogSink;
  let told: [number, string | null][];
  const errors = vi.spyOn(console, 'error').mockImplementation(() => {});

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), '6bed4-syslog-'));
    path = join(folder, 'log');
    told = [];
    errors.mockClear();
  });

  afterEach(async () => {
    await sink.close();
    rmSync(folder, { recursive: true });
  });

  const open = async (): Promise<void> => {
    sink = await SyslogSink.open('6bed4peer', (lines, code) => told.push([lines, code]), path);
  };

  test('sends each line with facility, priority, time, name and number of the process', async () => {
    const syslog = new Syslog(path);
    await open();
    sink.write('<6>ready  peer fc64::1\n');
    sink.write('<4>warning: no route\n');
    sink.write('{"level":"info"}\n');
    const messages = syslog.read();
    syslog.close();
    const time = '[A-Z][a-z]{2} [ 1-3][0-9] [0-2][0-9]:[0-5][0-9]:[0-6][0-9]';
    const from = `6bed4peer\\[${process.pid}\\]`;
    expect(messages).toEqual([
      expect.stringMatching(new RegExp(`^<30>${time} ${from}: ready {2}peer fc64::1$`)),
      expect.stringMatching(new RegExp(`^<28>${time} ${from}: warning: no route$`)),
      expect.stringMatching(new RegExp(`^<30>${time} ${from}: \\{"level":"info"\\}$`)),
    ]);
    expect(sink.lost).toBe(0);
    expect(errors).not.toHaveBeenCalled();
  });

  test('says that nobody listens, and goes on when somebody does', async () => {
    await open();
    expect(errors).toHaveBeenCalledWith(
      `6bed4peer: nothing is logged until a syslog listens at ${path}`,
    );
    sink.write('<6>one\n');
    sink.write('<6>two\n');
    expect(sink.lost).toBe(2);
    const syslog = new Syslog(path);
    sink.write('<6>three\n');
    expect(told).toEqual([[2, 'ENOENT']]);
    sink.write('<6>four\n');
    expect(told).toHaveLength(1);
    expect(syslog.read()).toHaveLength(2);
    syslog.close();
    sink.write('<6>five\n');
    expect(sink.lost).toBe(3);
  });

  test('never waits for one that takes nothing', async () => {
    const syslog = new Syslog(path);
    await open();
    const before = performance.now();
    for (let count = 0; count < 5_000; count++) sink.write(`<6>line ${count}\n`);
    expect(performance.now() - before).toBeLessThan(5_000);
    expect(sink.lost).toBeGreaterThan(0);
    expect(syslog.read().length).toBe(5_000 - sink.lost);
    sink.write('<6>again\n');
    expect(told).toEqual([[sink.lost, null]]);
    syslog.close();
    expect(existsSync(path)).toBe(true);
  });
});
