/**
 * A router and three peers in one process, on loopback: shows how each peer gets its address, lets
 * them ping each other and exchange datagrams. No privileges, no TUN interface, no network.
 */
import { decodeAddress, formatEndpoint, formatIPv6, parseIPv6 } from '@6bed4/codec';
import { buildEcho, buildUdp, parseEcho, parseUdp } from '@6bed4/nd';
import { answerEcho, startPeer, startRouter } from '@6bed4/node';
import picocolors from 'picocolors';

const ANSWER_TIMEOUT_MS = 2_000;
const PORT = 5060;

// picocolors alone would also color the pipes of a CI.
const { NO_COLOR, FORCE_COLOR } = process.env;
const colors = picocolors.createColors(
  !NO_COLOR && (FORCE_COLOR ? FORCE_COLOR !== '0' : process.stdout.isTTY === true),
);

const paint = {
  prefix: colors.cyan,
  router: colors.green,
  endpoint: colors.yellow,
  lanip: colors.magenta,
};

function heading(text) {
  console.log(`\n${colors.bold(text)}`);
}

/** All eight groups of an address, with leading zeros. */
function groups(address) {
  const bytes = parseIPv6(address);
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.match(/.{4}/g);
}

/** Prints an address with each field in its color, and below it the meaning of each field. */
function explain(name, lease) {
  const [p0, p1, r0, r1, a0, a1, port, tail] = groups(lease.address);
  const { router, peer, lanip } = decodeAddress(lease.address);
  const colored = [
    paint.prefix(`${p0}:${p1}`),
    paint.router(`${r0}:${r1}`),
    paint.endpoint(`${a0}:${a1}:${port}:${tail[0]}`) + paint.lanip(tail.slice(1)),
  ].join(':');
  console.log(`\n  ${colors.bold(name)} is ${colors.bold(lease.address)}`);
  console.log(`    ${colored}`);
  const field = (paintIt, label, value, remark) =>
    console.log(`    ${paintIt(label.padEnd(10))}${value.padEnd(22)}${colors.dim(remark)}`);
  field(paint.prefix, 'network', `${p0}:${p1}::/32`, '6bed4 and its network identifier');
  field(paint.router, 'router', router.address, 'where to send when nothing better is known');
  field(paint.endpoint, 'peer', formatEndpoint(peer), 'where the router saw this peer');
  field(
    paint.lanip,
    'lanip',
    String(lanip),
    'one of the 16383 addresses that the peer may hand out',
  );
}

/** Resolves with the first result of `pick` that is not null. */
function nextPacket(peer, pick) {
  return new Promise((resolve, reject) => {
    const finish = (settle, value) => {
      clearTimeout(timer);
      peer.off('packet', onPacket);
      settle(value);
    };
    const onPacket = (packet) => {
      const picked = pick(packet);
      if (picked !== null) finish(resolve, picked);
    };
    const timer = setTimeout(
      () => finish(reject, new Error(`nothing arrived within ${ANSWER_TIMEOUT_MS} ms`)),
      ANSWER_TIMEOUT_MS,
    );
    peer.on('packet', onPacket);
  });
}

async function ping(from, to, sequence) {
  const reply = nextPacket(from.daemon, (packet) => {
    const echo = parseEcho(packet, 0, packet.length);
    const isOurs = echo.ok && echo.value.type === 'echo-reply' && echo.value.sequence === sequence;
    return isOurs ? echo.value : null;
  });
  const start = performance.now();
  from.daemon.send(
    buildEcho({
      type: 'echo-request',
      source: parseIPv6(from.address),
      destination: parseIPv6(to.address),
      hopLimit: 64,
      identifier: process.pid & 0xffff,
      sequence,
      data: Buffer.from('are you there?'),
    }),
  );
  const echo = await reply;
  const time = `${(performance.now() - start).toFixed(2)} ms`;
  console.log(
    `  ${from.name.padEnd(6)} → ${to.name.padEnd(6)} ${colors.green('answered')} by ` +
      `${formatIPv6(echo.source)}, hop limit ${echo.hopLimit}, ${time}`,
  );
}

async function sendText(from, to, text) {
  const received = nextPacket(to.daemon, (packet) => {
    const datagram = parseUdp(packet, 0, packet.length);
    return datagram.ok && datagram.value.destinationPort === PORT ? datagram.value : null;
  });
  from.daemon.send(
    buildUdp({
      source: parseIPv6(from.address),
      destination: parseIPv6(to.address),
      sourcePort: PORT,
      destinationPort: PORT,
      payload: Buffer.from(text),
    }),
  );
  const { source, payload } = await received;
  if (Buffer.from(payload).toString() !== text) throw new Error('the text was changed on its way');
  console.log(`  ${to.name.padEnd(6)} heard ${colors.yellow(`“${text}”`)}`);
  console.log(colors.dim(`         from [${formatIPv6(source)}]:${PORT}`));
}

const router = await startRouter({ listen: '127.0.0.1', port: 0 });
const daemons = [router];
try {
  heading('A router');
  console.log(`  listens on ${formatEndpoint(router.endpoint)} (UDP over IPv4)`);
  console.log(`  serves     ${router.prefix}`);
  console.log(`  is itself  ${router.address}`);

  heading('Three peers ask it for addresses');
  const peers = [];
  for (const name of ['alice', 'bob', 'carol']) {
    const daemon = await startPeer({ routers: router.endpoint });
    daemons.push(daemon);
    answerEcho(daemon);
    const lease = await daemon.ready;
    peers.push({ name, daemon, address: lease.address });
    explain(name, lease);
  }

  heading('They ping each other, and the router');
  let sequence = 0;
  for (const from of peers) {
    for (const to of peers) {
      if (from !== to) await ping(from, to, ++sequence);
    }
  }
  await ping(peers[0], { name: 'router', address: router.address }, ++sequence);

  heading('They exchange UDP datagrams over IPv6');
  const [alice, bob, carol] = peers;
  await sendText(alice, bob, 'Hello Bob, this is IPv6 without any of it around us.');
  await sendText(bob, alice, 'Hello Alice, my address says where I am.');
  await sendText(carol, alice, 'No account, no configuration, no privileges.');

  const { datagramsReceived, datagramsSent, drops } = router.counters();
  heading('The router');
  console.log(
    `  took ${datagramsReceived} datagrams, sent ${datagramsSent}, dropped ` +
      `${Object.values(drops).reduce((sum, count) => sum + count, 0)}; it keeps no state about peers`,
  );
} finally {
  await Promise.all(daemons.map((daemon) => daemon.close()));
}
