/**
 * The example's user agent as a program, on a tunnel without a TUN. It prints one JSON object a line: that
 * it is ready, the SIP messages, the paths, and what came of the call.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { openTunnel } from '@6bed4/node';
import { Inviter, UserAgent } from 'sip.js';
import { createPhone } from '../../phone.mjs';

const { values } = parseArgs({
  options: {
    router: { type: 'string' },
    port: { type: 'string' },
    call: { type: 'string' },
    seconds: { type: 'string', default: '4' },
  },
});

const tell = (event, more) =>
  console.log(JSON.stringify({ event, at: performance.now(), ...more }));

const tunnel = await openTunnel({ routers: values.router, port: Number(values.port) });
tunnel.on('path', ({ remote, path, proof }) => tell('path', { remote, path, proof }));

const phone = createPhone({
  user: 'alice',
  address: tunnel.address,
  createSocket: tunnel.createSocket,
  trace: (line, transmission) => tell('message', { line, transmission }),
  report: (audio) => {
    tell('report', audio);
    finish();
  },
});
await phone.start();
tell('ready', { address: tunnel.address });

if (values.call !== undefined) {
  const call = new Inviter(phone, UserAgent.makeURI(values.call));
  const succeeded = (ask) =>
    new Promise((onAccept, onReject) => ask({ requestDelegate: { onAccept, onReject } }));
  await succeeded((options) => call.invite(options));
  await sleep(Number(values.seconds) * 1000);
  await succeeded((options) => call.bye(options));
}

async function finish() {
  // The BYE, or the answer to it, has to be heard.
  await sleep(500);
  await phone.stop();
  await tunnel.close();
}
