import {
  dialectNames,
  draft02Profile,
  formatIPv4,
  isIPv4Private,
  parseEndpoint,
  parseIPv4,
  profileOf,
} from '@6bed4/codec';
import { hex } from '@6bed4/testing/bytes';
import { fixture } from '@6bed4/testing/fixtures';
import { demand, type FuzzTarget, InputReader } from '@6bed4/testing/fuzzTarget';
import { seededRandom } from '@6bed4/testing/random';
import { Router } from '../../src/index.js';
import { MachineScript, type ScriptEndpoint } from '../support/machineScript.js';

const PROFILES = [...dialectNames.map(profileOf), draft02Profile];
const PREFIXES = ['fc64:bed:c633:6401::/64', 'fc64:bed:c633:64fe::/64', '2001:db8:64:64::/64'];
const ADDRESS = '198.51.100.1';
const MASQUERADE = ['tcp:1-65535=2001:db8:77::5', 'udp:53', 'sctp:7=[2001:db8:77::5]:8', 'icmp'];
const LONGEST_SCRIPT = 64;
/** Router Advertisements that an IPv4 address gets without having earned them, in bytes. */
const FREE_BYTES = 2 * (28 + 200);

interface Exchange {
  readonly request: string;
}

/** The router in each dialect, with datagrams and packets of its IPv6 side. */
export const target: FuzzTarget = {
  longest: 1024,
  seeds: fixture<readonly Exchange[]>('router-exchanges.json').map(({ request }) => {
    const payload = hex(request);
    return Uint8Array.of(3, 0, 0, 0, 0, payload.length, ...payload);
  }),
  run(input) {
    const reader = new InputReader(input);
    const profile = reader.pick(PROFILES);
    const flags = reader.byte();
    const script = new MachineScript(reader, profile, PREFIXES);
    const router = new Router(
      {
        address: ADDRESS,
        profile,
        ...(profile.dialect.name === 'draft01' || flags & 1 ? { prefix: PREFIXES[2]! } : {}),
        ...(flags & 2 ? { routes: ['2001:db8:77::/48'] } : {}),
        ipv6Side: (flags & 4) === 0,
        ...(flags & 8 && (flags & 4) === 0 ? { masquerade: MASQUERADE } : {}),
        random: seededRandom(1),
      },
      script.recorder,
    );
    for (let step = 0; step < LONGEST_SCRIPT && !reader.isOver; step++) {
      stepOf(script, router);
    }
    checkAmplification(script);
  },
};

function stepOf(script: MachineScript, router: Router): void {
  const { reader, recorder } = script;
  script.clear();
  let from: ScriptEndpoint | null = null;
  switch (reader.byte() % 6) {
    case 0:
      from = script.endpoint();
      script.datagram(router, from, reader.take(reader.byte()));
      break;
    case 1:
    case 2:
      from = script.endpoint();
      script.datagram(router, from, script.packet());
      break;
    case 3:
      script.local(router, script.packet());
      break;
    case 4:
      script.wait(router);
      break;
    default:
      from = script.endpoint();
      script.datagram(router, from, script.echo());
  }
  demand(recorder.sent.length + recorder.delivered.length <= 1, 'one packet makes one at most');
  for (const { to } of recorder.sent) {
    const { address, port } = parseEndpoint(to);
    demand(!address.startsWith('127.'), `to ${to}`);
    demand(address !== ADDRESS || port !== router.endpoint.port, 'nothing is sent to itself');
    // Private space is answered, never relayed to (draft-03 §10.1).
    const isAnswer = from !== null && to === `${formatIPv4(from.address)}:${from.port}`;
    demand(isAnswer || !isIPv4Private(parseIPv4(address)), `relayed to ${to}`);
    // What is relayed was paid for by its sender.
    if (!isAnswer) script.grant(to, 28 + recorder.sent[0]!.payload.length);
  }
}

/** No endpoint gets more answers than it sent, but for a few advertisements. */
function checkAmplification(script: MachineScript): void {
  const free = FREE_BYTES + (script.now - 10_000) * 0.1;
  for (const endpoint of script.endpoints) {
    demand(script.excess(endpoint) <= free, `${endpoint} gets more than it sent`);
  }
}
