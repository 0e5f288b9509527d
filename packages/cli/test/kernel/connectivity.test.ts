import { PORT, type RunningPeer, startPeer, startRouter } from '@6bed4/testing/kernel/daemons';
import { addressesOf, interfacesOf, routesOf, TUN } from '@6bed4/testing/kernel/interfaces';
import {
  addNativeHost,
  buildInternet,
  NATIVE_ADDRESS,
  NATIVE_GATEWAY,
  NATIVE_PREFIX,
  ROUTER_ADDRESS,
  SERVED_PREFIX,
} from '@6bed4/testing/kernel/internet';
import type { Lab } from '@6bed4/testing/kernel/lab';
import { countReplies, ping, unanswered } from '@6bed4/testing/kernel/ping';
import { program } from '@6bed4/testing/kernel/programs';
import { routeTo } from '@6bed4/testing/kernel/routing';
import { describeDrivers } from '@6bed4/testing/kernel/suites';
import { Capture, faultsOf } from '@6bed4/testing/kernel/tshark';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const TRANSFER = 50_000_000;

/** The address that a peer's own router has inside the peer's /114: lanip 0. */
function routerSideOf(peer: RunningPeer): string {
  return peer.address.replace(/1$/, '0');
}

describeDrivers('a router, two peers and a native host', () => {
  let lab: Lab;
  let capture: Capture;
  let peer1: RunningPeer;
  let peer2: RunningPeer;

  beforeAll(async () => {
    lab = await buildInternet();
    await addNativeHost(lab);
    capture = await Capture.start(lab, [PORT]);
    await startRouter(lab, 'router', '--route', NATIVE_PREFIX);
    // What goes through the router is looked at here; direct paths have tests of their own.
    const relayed = ['--peering', 'via-router'];
    peer1 = await startPeer(lab, 'peer1', ...relayed);
    const where = ['--listen', '198.51.100.3', '--port', '40000'];
    peer2 = await startPeer(lab, 'peer2', ...where, ...relayed);
  });

  afterAll(() => lab?.dispose());

  describe('addresses and routes', () => {
    test('give the router its own address in the served /64', async () => {
      expect(await addressesOf(lab, 'router')).toEqual([`${ROUTER_ADDRESS}/64`]);
    });

    test('route the served /64 into the tunnel on the router', async () => {
      expect(await routesOf(lab, 'router')).toContain(SERVED_PREFIX);
    });

    test('give a peer a /114 that contains its endpoint', async () => {
      expect(await addressesOf(lab, 'peer1')).toEqual([`${peer1.address}/114`]);
      expect(peer1.address).toMatch(/^fc64:bed:c633:6401:c433:6402:[0-9a-f]+:8001$/);
    });

    test('contain the address and port of --listen and --port', () => {
      expect(`${peer2.address}/${peer2.prefixLength}`).toBe(
        'fc64:bed:c633:6401:c433:6403:9c40:8001/114',
      );
    });

    test('are logged by the daemon', () => {
      expect(peer1.daemon.stdout.join('\n')).toContain(peer1.address);
    });

    test('lead 6bed4 prefixes and offered routes into the tunnel, and no default route', async () => {
      const routes = await routesOf(lab, 'peer1');
      expect(routes).toContain('fc64::/16');
      expect(routes).not.toContain(NATIVE_PREFIX);
      expect(routes).not.toContain('default');
      expect(await routeTo(lab, 'peer1', NATIVE_ADDRESS)).toEqual({
        device: TUN,
        source: peer1.address,
      });
      expect(await routeTo(lab, 'peer1', '4000::1')).toBeNull();
    });

    test('lead 6bed4 prefixes into the tunnel on the router', async () => {
      const routes = await routesOf(lab, 'router');
      for (const prefix of ['fc64::/16', '2001:64::/32']) expect(routes).toContain(prefix);
    });

    test('come with an interface of MTU 1280', async () => {
      for (const label of ['router', 'peer1', 'peer2']) {
        expect(await interfacesOf(lab, label)).toContain(TUN);
        expect(await lab.ip(label, `link show dev ${TUN}`)).toMatch(/mtu 1280 .*state UNKNOWN/);
      }
    });
  });

  describe('echo requests', () => {
    const pairs: [string, string, () => string][] = [
      ['peer1', 'peer2', () => peer2.address],
      ['peer2', 'peer1', () => peer1.address],
      ['peer1', 'the router', () => ROUTER_ADDRESS],
      ['peer2', 'the router', () => ROUTER_ADDRESS],
      ['router', 'peer1', () => peer1.address],
      ['router', 'peer2', () => peer2.address],
      ['peer1', 'the native host', () => NATIVE_ADDRESS],
      ['peer2', 'the native host', () => NATIVE_ADDRESS],
      ['native', 'peer1', () => peer1.address],
      ['native', 'peer2', () => peer2.address],
      ['native', 'the router', () => ROUTER_ADDRESS],
      ['peer1', "the router by the peer's own prefix", () => routerSideOf(peer1)],
    ];

    test.each(pairs)('from %s to %s are answered once each', async (from, _, destination) => {
      expect(await unanswered(lab, from, destination(), 4)).toEqual([]);
    });

    test.each(pairs.slice(0, 11))(
      'of 1280 bytes from %s to %s are answered',
      async (from, _, destination) => {
        expect(await countReplies(lab, from, destination(), 2, { size: 1232, whole: true })).toBe(
          2,
        );
      },
    );
  });

  describe('packets of more than 1280 bytes', () => {
    test('from a native host are refused by the router', async () => {
      expect(await ping(lab, 'native', peer1.address, { size: 1352, whole: true })).toEqual({
        result: 'too-big',
        from: NATIVE_GATEWAY,
        mtu: 1280,
      });
    });

    test('from the host of a peer are refused by its interface', async () => {
      expect(await ping(lab, 'peer1', peer2.address, { size: 1352, whole: true })).toEqual({
        result: 'too-big',
        from: 'local',
        mtu: 1280,
      });
    });

    test('are refused by the daemon when the interface has a larger MTU', async () => {
      await lab.ip('peer2', `link set ${TUN} mtu 1500`);
      expect(await ping(lab, 'peer2', peer1.address, { size: 1352, whole: true })).toEqual({
        result: 'too-big',
        from: routerSideOf(peer2),
        mtu: 1280,
      });
      await lab.ip('peer2', `link set ${TUN} mtu 1280`);
    });

    test('arrive as fragments of the host', async () => {
      expect(await countReplies(lab, 'peer1', peer2.address, 2, { size: 3000 })).toBe(2);
    });
  });

  describe('hop limits', () => {
    // Packets of 1280 bytes where the router is to answer: each pays for its error at once.
    test('expire at the own daemon, then at the router, and suffice from peer to peer', async () => {
      const outcome = (hopLimit: number) =>
        ping(lab, 'peer1', peer2.address, { hopLimit, size: 1232 });
      expect(await outcome(1)).toEqual({ result: 'time-exceeded', from: routerSideOf(peer1) });
      // The error is larger than the packet, and no answer may be more than what came: two earn one.
      const atRouter = [await outcome(2), await outcome(2)];
      expect(atRouter).toContainEqual({ result: 'time-exceeded', from: ROUTER_ADDRESS });
      expect(await outcome(3)).toEqual({ result: 'reply', hopLimit: 62 });
    });

    test('expire at the daemon, then in the router, and suffice from peer to native host', async () => {
      const outcome = (hopLimit: number) =>
        ping(lab, 'peer1', NATIVE_ADDRESS, { hopLimit, size: 1232 });
      expect(await outcome(1)).toEqual({ result: 'time-exceeded', from: routerSideOf(peer1) });
      expect(await outcome(2)).toEqual({ result: 'time-exceeded', from: ROUTER_ADDRESS });
      expect(await outcome(3)).toEqual({ result: 'reply', hopLimit: 62 });
    });

    test('expire in the router, then at its daemon, and suffice from native host to peer', async () => {
      const outcome = (hopLimit: number) => ping(lab, 'native', peer1.address, { hopLimit });
      expect(await outcome(1)).toEqual({ result: 'time-exceeded', from: NATIVE_GATEWAY });
      expect(await outcome(2)).toEqual({ result: 'time-exceeded', from: ROUTER_ADDRESS });
      expect(await outcome(3)).toEqual({ result: 'reply', hopLimit: 62 });
    });

    test('expire at the own daemon, and suffice from peer to router', async () => {
      const outcome = (hopLimit: number) => ping(lab, 'peer1', ROUTER_ADDRESS, { hopLimit });
      expect(await outcome(1)).toEqual({ result: 'time-exceeded', from: routerSideOf(peer1) });
      expect(await outcome(2)).toMatchObject({ result: 'reply' });
    });
  });

  describe('transport', () => {
    async function transfer(
      from: string,
      to: string,
      address: string,
      length: number,
    ): Promise<void> {
      const receiver = lab.spawn(to, program('tcpReceiver', 5001));
      await receiver.waitForLine(/listening/);
      const sent = await lab.exec(from, program('tcpSender', address, 5001, length), {
        timeout: 40_000,
      });
      const received = await receiver.waitForLine(/sha256/);
      expect(JSON.parse(sent.stdout).bytes).toBe(length);
      expect(JSON.parse(received)).toEqual(JSON.parse(sent.stdout));
    }

    test('by TCP delivers 50 MB from peer to peer intact', { timeout: 60_000 }, async () => {
      await transfer('peer1', 'peer2', peer2.address, TRANSFER);
    });

    test('by TCP delivers 10 MB from the native host to a peer intact', {
      timeout: 60_000,
    }, async () => {
      await transfer('native', 'peer1', peer1.address, TRANSFER / 5);
    });

    test('by HTTP delivers a page of the native host to a peer', async () => {
      const server = lab.spawn('native', program('httpServer', 8080));
      await server.waitForLine(/listening/);
      const { stdout } = await lab.exec(
        'peer1',
        program('httpGet', `http://[${NATIVE_ADDRESS}]:8080/hello`),
      );
      expect(JSON.parse(stdout)).toEqual({ status: 200, body: `/hello for ${peer1.address}\n` });
    });
  });

  describe('captured frames', () => {
    test('have no fault in the dissectors of tshark', { timeout: 60_000 }, async () => {
      const frames = await capture.stop();
      expect(frames.length).toBeGreaterThan(2 * (TRANSFER / 1220));
      expect(frames.flatMap(faultsOf).slice(0, 10)).toEqual([]);

      const types = new Set(frames.map((frame) => frame.inner?.icmpType));
      for (const type of [128, 129, 133, 134]) expect(types).toContain(type);

      // Keepalives are not sent where other traffic does their work, but may come in pauses.
      const ttls = new Set(
        frames.filter(({ inner }) => inner !== null).map(({ outer }) => outer.ttl),
      );
      expect([...ttls]).toEqual([64]);
    });
  });
});
