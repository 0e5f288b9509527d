import { Router } from '@6bed4/tunnel';
import { Host } from '../../src/host';
import { random } from '../../src/random';
import type { TcpLink } from '../../src/tcp';
import { openUdpDriver } from '../../src/udpDriver';
import { seeded } from '../fake/seeded';
import { network, traffic } from '../fake/udpSockets';
import { check, checkSame, type Test } from './checks';
import { sleep } from './engine';

const BYTES = 200_000;
const PORT = 7_000;
const STEP_MS = 50;
const PATIENCE_MS = 120_000;

/** Waits until something is so. */
export async function until(condition: () => boolean, expectation: string): Promise<void> {
  for (let waited = 0; waited < PATIENCE_MS && !condition(); waited += STEP_MS)
    await sleep(STEP_MS);
  check(condition(), `${expectation} within ${PATIENCE_MS} ms`);
}

/** A router, and the text that names it. */
export async function openRouter(address: string) {
  const ignore = { packet: () => undefined, event: () => undefined };
  const driver = await openUdpDriver(
    address,
    (sink, endpoint) => new Router({ ...endpoint, random }, sink),
    ignore,
  );
  return { close: () => driver.close(), text: `${address}:${driver.endpoint.port}` };
}

/** A host that has its address. */
export async function openHost(bindAddress: string, router: string): Promise<Host> {
  const host = new Host({ routers: [router], bindAddress, changed: () => undefined });
  await host.tunnel.start();
  await until(() => host.tunnel.state.address !== null, 'an address');
  return host;
}

/** Bytes that follow no pattern. */
function noise(seed: number, length: number): Uint8Array {
  const next = seeded(seed);
  return Uint8Array.from({ length }, () => next() * 256);
}

/** Collects what a connection brings, and compares it with what was sent. */
class Receiver {
  count = 0;
  isEnded = false;
  #wrong = -1;
  readonly #expected: Uint8Array;

  constructor(expected: Uint8Array) {
    this.#expected = expected;
  }

  data = (bytes: Uint8Array): void => {
    for (const byte of bytes) {
      if (byte !== this.#expected[this.count] && this.#wrong < 0) this.#wrong = this.count;
      this.count++;
    }
  };

  ended = (): void => {
    this.isEnded = true;
  };

  verify(what: string): void {
    checkSame(this.count, this.#expected.length, `bytes ${what}`);
    checkSame(this.#wrong, -1, `the first wrong byte ${what}`);
  }
}

/** Sends data both ways at once on one connection, and compares what arrives. */
export async function transfer(from: Host, to: Host, bytes: number): Promise<void> {
  const [there, back] = [noise(1, bytes), noise(2, bytes)];
  const [atTo, atFrom] = [new Receiver(there), new Receiver(back)];
  const errors: (string | null)[] = [];
  const send = (link: TcpLink, data: Uint8Array): void => {
    link.write(data);
    link.end();
  };
  to.tcp.listen(PORT, (link) => {
    send(link, back);
    return { data: atTo.data, ended: atTo.ended };
  });
  const own = from.tunnel.state.address!;
  const link = from.tcp.connect(own, to.tunnel.state.address!, PORT, {
    data: atFrom.data,
    ended: atFrom.ended,
    closed: (error) => {
      errors.push(error);
    },
  });
  send(link, there);
  await until(() => atTo.isEnded && errors.length > 0, 'the end of both directions');
  atTo.verify('there');
  atFrom.verify('back');
  checkSame(link.buffered, 0, 'bytes without acknowledgment');
  checkSame(errors.join(), '', 'errors of the connection');
}

export const transferTests: readonly Test[] = [
  {
    name: 'pings through router and direct path',
    run: async () => {
      const router = await openRouter('198.51.100.1');
      const one = await openHost('192.0.2.1', router.text);
      const other = await openHost('203.0.113.1', router.text);
      const [source, destination] = [one.tunnel.state.address!, other.tunnel.state.address!];
      const times: (number | null)[] = [];
      for (let count = 0; count < 5; count++) {
        times.push(await one.ping.ping(source, destination));
        await sleep(200);
      }
      check(
        times.every((time) => time !== null && time > 1 && time < 10),
        `round trips, found ${times.join()}`,
      );
      check(
        one.tunnel.remotes().some(({ path }) => path === 'direct'),
        `a direct path, found ${JSON.stringify(one.tunnel.remotes())}`,
      );
      checkSame(await one.ping.ping(source, '2001:db8::1'), null, 'a ping to nobody');
      await Promise.all([one.tunnel.stop(), other.tunnel.stop()]);
      router.close();
    },
  },
  {
    name: 'carries TCP both ways over a network that loses and reorders',
    run: async () => {
      const router = await openRouter('198.51.100.1');
      const one = await openHost('192.0.2.1', router.text);
      const other = await openHost('203.0.113.1', router.text);
      Object.assign(network, { loss: 0.02, delay: 10, jitter: 3 });
      const lostBefore = traffic.lost;
      await transfer(one, other, BYTES);
      check(traffic.lost - lostBefore > 5, `losses, found ${traffic.lost - lostBefore}`);
      Object.assign(network, { loss: 0, delay: 1, jitter: 0 });
      await Promise.all([one.tunnel.stop(), other.tunnel.stop()]);
      router.close();
    },
  },
];
