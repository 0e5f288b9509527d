import { setTimeout as sleep } from 'node:timers/promises';
import { parseUdp } from '@6bed4/nd';
import { memoryNetwork, openTunnel, startRouter, type Tunnel } from '@6bed4/node';
import { Inviter } from 'sip.js';
import { afterEach, describe, expect, test } from 'vitest';
import { createPhone } from '../phone.mjs';

const ROUTER = '198.51.100.1';
const ALICE = '192.0.2.10';
const BOB = '203.0.113.20';
const SIP_PORT = 5060;

interface Report {
  readonly sent: number;
  readonly received: number;
  readonly lost: number;
  readonly jitter: number;
}

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** Starts the phones of Bob and Alice on a network that drops what `loses` says. */
async function phones(loses: (port: number, payload: Uint8Array, to: string) => boolean) {
  const network = memoryNetwork({
    forward: ({ bytes, destination }) => {
      const packet = parseUdp(bytes, 0, bytes.length);
      if (!packet.ok) return true;
      return !loses(packet.value.destinationPort, packet.value.payload, destination.address);
    },
  });
  const router = await startRouter({ listen: ROUTER, datagrams: network.bind(ROUTER) });
  closing.push(() => router.close());
  const reports: Record<string, Report> = {};
  const lines: string[] = [];
  const start = async (user: string, ipv4: string) => {
    const datagrams = network.bind(ipv4);
    const tunnel: Tunnel = await openTunnel({ routers: router.endpoint, datagrams });
    closing.push(() => tunnel.close());
    const phone = createPhone({
      user,
      address: tunnel.address!,
      createSocket: tunnel.createSocket,
      trace: (line: string, transmission: number | 'received') =>
        lines.push(`${user} ${transmission} ${line.replace(/ ?SIP\/2.0 ?| sip:\S+/g, '')}`),
      report: (report: Report) => {
        reports[user] = report;
      },
    });
    await phone.start();
    closing.push(() => phone.stop());
    return phone;
  };
  const bob = await start('bob', BOB);
  const alice = await start('alice', ALICE);
  const call = new Inviter(alice, bob.configuration.uri);
  return { call, reports, lines };
}

type Request = (options: {
  requestDelegate: { onAccept: (value: unknown) => void; onReject: (reason: unknown) => void };
}) => unknown;

const succeeded = (request: Request): Promise<unknown> =>
  new Promise((onAccept, onReject) => request({ requestDelegate: { onAccept, onReject } }));

describe('a call over a network that loses packets', () => {
  test('reports the loss of RTP that there was', async () => {
    let dropped = 0;
    const { call, reports } = await phones((port, payload, to) => {
      const isRtp = port !== SIP_PORT && payload[0] === 0x80;
      const sequence = (payload[2]! << 8) | payload[3]!;
      // On the last link, which each packet takes once.
      if (!isRtp || to !== BOB || sequence % 20 !== 10) return false;
      dropped++;
      return true;
    });
    await succeeded((options) => call.invite(options));
    await sleep(2_000);
    await succeeded((options) => call.bye(options));

    const { lost } = reports['bob']!;
    expect(lost).toBeGreaterThanOrEqual(4);
    expect(lost).toBeLessThanOrEqual(dropped);
    // A loss after the last packet received is not noticed.
    expect(lost).toBeGreaterThanOrEqual(dropped - 1);
    expect(reports['alice']!.lost).toBe(0);
  }, 20_000);

  test('succeeds when each SIP message is lost once', async () => {
    const known = new Set<string>();
    const { call, reports, lines } = await phones((port, payload, to) => {
      if (port !== SIP_PORT || to === ROUTER) return false;
      const text = Buffer.from(payload).toString();
      const message = text.slice(0, text.indexOf('\r\n')) + /CSeq.*/.exec(text)![0];
      const isFirst = !known.has(message);
      known.add(message);
      return isFirst;
    });
    await succeeded((options) => call.invite(options));
    await sleep(1_500);
    await succeeded((options) => call.bye(options));

    const received = lines.filter((line) => line.includes(' received '));
    for (const line of [
      ...['bob received INVITE', 'alice received 200 OK'],
      ...['bob received ACK', 'bob received BYE'],
    ]) {
      expect(received).toContain(line);
    }
    expect(reports['alice']).toMatchObject({ lost: 0 });
    expect(reports['bob']).toMatchObject({ lost: 0 });
    expect(reports['bob']!.received).toBeGreaterThan(30);
  }, 30_000);
});
