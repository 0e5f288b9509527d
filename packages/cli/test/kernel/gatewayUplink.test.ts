import { program } from '@6bed4/testing/kernel/programs';
import { describeKernel } from '@6bed4/testing/kernel/requirements';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ROUTER } from './support/examples.js';
import { NAME, WebGateway } from './support/webGateway.js';

const PORT = 5001;
/** Milliseconds: silence is noticed within 2 s, routers have 3 s then, and the rest is for a slow machine. */
const LONGEST_FALLBACK = 10_000;
/** UDP is asked 10 s after the change, and then less often. */
const LONGEST_RETURN = 25_000;

describeKernel('a network that begins to block UDP, and ends it', () => {
  let web: WebGateway;
  beforeEach(async () => {
    web = await WebGateway.build();
  });
  afterEach(() => {
    web.examples.lab.dispose();
    web.dispose();
  });

  test('moves traffic to the gateway within seconds, and back to the address of before', async () => {
    const { examples } = web;
    const { lab } = examples;
    await web.gateway('--trust-proxy 127.0.0.1');
    await web.nginx();
    const peer = web.peer(`--router ${NAME} --uplink auto`);
    const address = await examples.addressOf(peer);
    const remote = await examples.addressOf(
      await examples.daemon('other', `6bed4 peer --router ${ROUTER}`),
    );
    const answering = lab.spawn('other', program('tcpAsk', 'answer', PORT));
    await answering.waitForLine(/listening/);

    /** The addresses of a new connection. */
    const ask = () => lab.spawn('laptop', program('tcpAsk', remote, PORT)).waitForLine(/fc64/);
    // Somebody has to send, so that silence says something.
    lab.spawn('laptop', ['ping', '-6', '-q', '-i', '0.2', remote]);
    expect(await ask()).toContain(address);
    await web.block('laptop');
    await peer.waitForLine(/datagrams take the gateway/, LONGEST_FALLBACK);
    expect(await ask()).toMatch(/fc64:bed:c000:201:c000:201:/);

    await web.block('laptop', false);
    await peer.waitForLine(/UDP works again/, LONGEST_RETURN);
    // The address of before is there again.
    expect(await ask()).toContain(address);
  }, 90_000);
}, ['nginx', 'openssl']);
