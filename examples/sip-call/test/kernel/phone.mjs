/**
 * The example's user agent as a program, on a tunnel without a TUN. It prints one JSON object a line: that
 * it is ready, the SIP messages, the paths, and what came of the call.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { openTunnel } from '@6bed4/node';
import { Inviter, SessionState, UserAgent } from 'sip.js';
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
  onInvite: answer,
  trace: ({ ruri, method, statusCode }, transmission) => {
    tell('message', {
      what: ruri === undefined ? String(statusCode) : method,
      method,
      transmission,
    });
  },
});
await phone.start();
tell('ready', { address: tunnel.address });

if (values.call !== undefined) await call();

async function call() {
  const inviter = new Inviter(phone, UserAgent.makeURI(values.call));
  await new Promise((onAccept, onReject) => {
    inviter.invite({ requestDelegate: { onAccept, onReject } });
  });
  await sleep(Number(values.seconds) * 1000);
  await new Promise((onAccept, onReject) => {
    inviter.bye({ requestDelegate: { onAccept, onReject } });
  });
  await finish(inviter);
}

async function answer(invitation) {
  const ended = new Promise((resolve) => {
    invitation.stateChange.addListener((state) => {
      if (state === SessionState.Terminated) resolve();
    });
  });
  await invitation.accept();
  await ended;
  // The answer to BYE has to leave the house.
  await sleep(500);
  await finish(invitation);
}

async function finish(session) {
  const { sent, reception } = session.sessionDescriptionHandler;
  tell('report', { sent, ...reception.report(), remotes: tunnel.peer.remotes() });
  await phone.stop();
  await tunnel.close();
}
