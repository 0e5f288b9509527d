import { describe, expect, test } from 'vitest';
import type { TcpConnection } from '../src/index.js';
import {
  CLIENT,
  type PathOptions,
  SERVER,
  StreamReader,
  StreamWriter,
  TwoHosts,
} from './support/twoHosts.js';

interface Outcome {
  readonly milliseconds: number;
  readonly sound: boolean;
  readonly counts: [number, number];
  readonly errors: (string | null)[];
  readonly net: TwoHosts;
}

/** Sends `length` bytes in each direction, and both sides end. */
function exchange(
  length: number,
  path: PathOptions,
  options: ConstructorParameters<typeof TwoHosts>[1] = {},
): Outcome {
  const net = new TwoHosts(path, options);
  net.server.stack.listen(null, 80);
  const readers = [new StreamReader(), new StreamReader()];
  let finished = 0;
  [net.client, net.server].forEach((host, index) => {
    const writer = new StreamWriter(length);
    host.onEvent = (connection, event) => {
      if (event === 'closed') finished = net.now;
      else if (event === 'readable') readers[index]!.read(connection, net.now);
      else writer.write(connection, net.now);
    };
  });
  const start = net.now;
  const connection = net.client.stack.connect(
    { address: CLIENT, port: 0 },
    { address: SERVER, port: 80 },
    net.now,
  )!;
  net.run();
  const all: TcpConnection[] = [connection, ...net.server.accepted];
  return {
    milliseconds: finished - start,
    sound: readers.every(({ isSound }) => isSound),
    counts: [readers[0]!.count, readers[1]!.count],
    errors: all.map(({ error }) => error),
    net,
  };
}

describe('a connection', () => {
  test('carries data both ways, and ends', () => {
    const { counts, sound, errors, net, milliseconds } = exchange(100_000, { delay: 10 });
    expect(counts).toEqual([100_000, 100_000]);
    expect(sound).toBe(true);
    expect(errors).toEqual([null, null]);
    expect(net.client.stack.connectionCount + net.server.stack.connectionCount).toBe(0);
    expect(milliseconds).toBeLessThan(300);
  });

  test.each([
    [{ delay: 5, loss: 0.02 }],
    [{ delay: 5, loss: 0.2 }],
    [{ delay: 5, jitter: 30 }],
    [{ delay: 5, duplication: 0.3 }],
    [{ delay: 5, jitter: 5, loss: 0.05, duplication: 0.05 }],
    [{ delay: 20, rate: 1_250, queue: 50_000 }],
  ])('carries data over a path with %j', (path) => {
    for (let seed = 1; seed <= 5; seed++) {
      for (const options of [
        {},
        { timestamps: false },
        { sack: false },
        { timestamps: false, sack: false },
      ]) {
        const { counts, sound, errors, milliseconds } = exchange(200_000, path, {
          ...options,
          seed,
        });
        expect({ counts, sound, errors }).toEqual({
          counts: [200_000, 200_000],
          sound: true,
          errors: [null, null],
        });
        if (process.env['SHOW'])
          console.log(JSON.stringify(path), JSON.stringify(options), Math.round(milliseconds));
      }
    }
  });
});

test('what is written with more to come fills one segment', () => {
  const net = new TwoHosts();
  net.server.stack.listen(null, 80);
  const remote = { address: SERVER, port: 80 };
  const connection = net.client.stack.connect({ address: CLIENT, port: 0 }, remote, net.now);
  net.run(100);
  connection.noDelay = true;
  const before = net.client.stack.counters.segmentsSent;
  const piece = new Uint8Array(100);
  for (let count = 0; count < 5; count++) connection.write(piece, 0, 100, net.now, count < 4);
  expect(net.client.stack.counters.segmentsSent).toBe(before + 1);
});
