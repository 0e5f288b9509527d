/**
 * The example's user agent as a program, on a tunnel without a TUN. It prints one JSON object a line: its
 * address when it is ready, the SIP messages, the paths, and the report of the call.
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
    t1: { type: 'string', default: '500' },
    srtp: { type: 'boolean', default: false },
  },
});

const print = (event, more) =>
  console.log(JSON.stringify({ event, at: performance.now(), ...more }));

const tunnel = await openTunnel({ routers: values.router, port: Number(values.port) });
tunnel.on('path', ({ remote, path, confirmedBy }) => print('path', { remote, path, confirmedBy }));

const phone = createPhone({
  user: 'alice',
  address: tunnel.address,
  createSocket: tunnel.createSocket,
  t1: Number(values.t1),
  srtp: values.srtp,
  trace: (line, transmission) => print('message', { line, transmission }),
  report: (audio) => {
    print('report', audio);
    finish();
  },
});
await phone.start();
print('ready', { address: tunnel.address });

if (values.call !== undefined) {
  const call = new Inviter(phone, UserAgent.makeURI(values.call));
  const succeeded = (request) =>
    new Promise((onAccept, onReject) => request({ requestDelegate: { onAccept, onReject } }));
  await succeeded((options) => call.invite(options));
  await sleep(Number(values.seconds) * 1000);
  await succeeded((options) => call.bye(options));
}

async function finish() {
  // Time for the BYE, or the response to it, to arrive.
  await sleep(500);
  await phone.stop();
  await tunnel.close();
}
