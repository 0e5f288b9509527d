import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import dnsPacket from 'dns-packet';
import type { Connection, Network } from '../relay/network.js';
import { DestinationError } from './destination.js';
import type { ResolveName } from './names.js';

/** Milliseconds that each attempt waits for an answer. */
const ATTEMPTS = [1_500, 3_000, 5_000];
const TCP_TIMEOUT = 5_000;
const HIGHEST_ID = 0xffff;
const LENGTH_BYTES = 2;
const LONGEST_MESSAGE = 0xffff;
/** What fits a packet of 1280 bytes. */
const UDP_PAYLOAD = 1_232;

/** A DNS server that is reached through the tunnel. */
export interface DnsServer {
  /** An IPv6 address. */
  readonly address: string;
  readonly port: number;
}

interface Query {
  readonly id: number;
  readonly name: string;
  readonly type: 'A' | 'AAAA';
  readonly bytes: Buffer;
}

/**
 * Resolves names at the far side: asks a DNS server through the tunnel, by UDP, and by TCP when the answer does
 * not fit (RFC 1035 §4.2, RFC 7766). Each question has a port and a number of its own, which nobody else can
 * guess (RFC 5452 §9).
 */
export function resolveThrough(network: Network, server: DnsServer): ResolveName {
  return async (name, family) => {
    const query = queryFor(name, family === 6 ? 'AAAA' : 'A');
    const answer = await askByUdp(network, server, query);
    const whole = answer.flag_tc ? await askByTcp(network, server, query) : answer;
    if (whole.rcode !== 'NOERROR' && whole.rcode !== 'NXDOMAIN') {
      throw new DestinationError('dns-failure', `${name}: the DNS server says ${whole.rcode}`);
    }
    return addressesIn(whole, query.type);
  };
}

function queryFor(name: string, type: 'A' | 'AAAA'): Query {
  const id = randomInt(HIGHEST_ID + 1);
  const additionals: dnsPacket.OptAnswer[] = [
    {
      type: 'OPT',
      name: '.',
      udpPayloadSize: UDP_PAYLOAD,
      extendedRcode: 0,
      ednsVersion: 0,
      flags: 0,
      flag_do: false,
      options: [],
    },
  ];
  const bytes = dnsPacket.encode({
    type: 'query',
    id,
    flags: dnsPacket.RECURSION_DESIRED,
    questions: [{ type, name }],
    additionals,
  });
  return { id, name, type, bytes };
}

type Answer = dnsPacket.DecodedPacket & { rcode: string };

/** The answer to a query; null for anything else. */
function readAnswer(bytes: Buffer, query: Query): Answer | null {
  try {
    const message = dnsPacket.decode(bytes) as Answer;
    const [question, ...more] = message.questions ?? [];
    const isOurs =
      message.type === 'response' &&
      message.id === query.id &&
      more.length === 0 &&
      question?.type === query.type &&
      question.name.toLowerCase() === query.name.toLowerCase().replace(/\.$/, '');
    return isOurs ? message : null;
  } catch {
    return null;
  }
}

function addressesIn({ answers = [] }: Answer, type: 'A' | 'AAAA'): string[] {
  return answers.flatMap((answer) => (answer.type === type ? [String(answer.data)] : []));
}

async function askByUdp(network: Network, server: DnsServer, query: Query): Promise<Answer> {
  const socket = network.createSocket('udp6');
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<Answer>((resolve, reject) => {
      socket.on('message', (message, { port, address }) => {
        // Our address texts are in the form of RFC 5952, as is that of the option.
        if (port !== server.port || address !== server.address) return;
        const answer = readAnswer(message, query);
        if (answer !== null) resolve(answer);
      });
      socket.on('error', (error) => reject(failure(query, error.message)));
      const attempt = (number: number): void => {
        const wait = ATTEMPTS[number];
        if (wait === undefined) {
          reject(failure(query, 'no answer'));
          return;
        }
        socket.send(query.bytes, server.port, server.address, () => {});
        timer = setTimeout(() => attempt(number + 1), wait);
      };
      attempt(0);
    });
  } finally {
    clearTimeout(timer);
    socket.close();
  }
}

async function askByTcp(network: Network, server: DnsServer, query: Query): Promise<Answer> {
  const { address, port } = server;
  const options = { host: address, port, allowHalfOpen: true, noDelay: true } as const;
  const connection = network.connect(options);
  connection.setTimeout(TCP_TIMEOUT, () => connection.destroy());
  try {
    await once(connection, 'connect');
    const length = Buffer.alloc(LENGTH_BYTES);
    length.writeUInt16BE(query.bytes.length);
    connection.write(Buffer.concat([length, query.bytes]));
    const answer = readAnswer(await readMessage(connection), query);
    if (answer !== null) return answer;
  } catch (error) {
    throw failure(query, (error as Error).message);
  } finally {
    connection.on('error', () => {});
    connection.destroy();
  }
  throw failure(query, 'something else was answered');
}

/** The first message of a connection, without its length (RFC 1035 §4.2.2). */
async function readMessage(connection: Connection): Promise<Buffer> {
  let bytes: Buffer = Buffer.alloc(0);
  for await (const chunk of connection as AsyncIterable<Buffer>) {
    bytes = Buffer.concat([bytes, chunk]);
    if (bytes.length < LENGTH_BYTES) continue;
    const end = LENGTH_BYTES + bytes.readUInt16BE(0);
    if (bytes.length >= end) return bytes.subarray(LENGTH_BYTES, end);
    if (bytes.length > LENGTH_BYTES + LONGEST_MESSAGE) break;
  }
  throw new Error('the connection was closed');
}

function failure({ name }: Query, why: string): DestinationError {
  return new DestinationError('dns-failure', `${name}: asking the DNS server failed: ${why}`);
}
