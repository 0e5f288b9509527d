import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import dnsPacket from 'dns-packet';
import { afterEach, describe, expect, test } from 'vitest';
import { resolveThrough } from '../../src/proxy/tunnelResolver.js';
import { Endings } from '../support/endings.js';
import { FAR, loopbackNetwork } from '../support/loopbackNetwork.js';

const endings = new Endings();
afterEach(() => endings.run());

type Answer = (query: dnsPacket.DecodedPacket) => dnsPacket.Packet[];

/** A DNS server of ::1, by UDP and TCP; its port. */
async function dnsServer(byUdp: Answer, byTcp: Answer = () => []): Promise<number> {
  const socket: Socket = createSocket('udp6');
  socket.on('message', (message, from) => {
    for (const packet of byUdp(dnsPacket.decode(message))) {
      socket.send(dnsPacket.encode(packet), from.port, from.address);
    }
  });
  socket.bind(0, '::1');
  await once(socket, 'listening');
  const { port } = socket.address();
  const server = createServer((connection) => {
    connection.on('error', () => {});
    connection.once('data', (bytes: Buffer) => {
      for (const packet of byTcp(dnsPacket.decode(bytes.subarray(2)))) {
        connection.write(dnsPacket.streamEncode(packet));
      }
      connection.end();
    });
  });
  server.listen(port, '::1');
  await once(server, 'listening');
  endings.add(() => {
    socket.close();
    server.close();
  });
  return port;
}

function answerTo(
  { id = 0, questions = [] }: dnsPacket.DecodedPacket,
  addresses: readonly string[],
  more: dnsPacket.Packet = {},
): dnsPacket.Packet {
  const [{ name, type } = { name: '', type: 'AAAA' as const }] = questions;
  const answers = addresses.map(
    (data) => ({ type, name, data, ttl: 60 }) as dnsPacket.StringAnswer as dnsPacket.Answer,
  );
  return { type: 'response', id, questions, answers, ...more };
}

const at = (port: number) => resolveThrough(loopbackNetwork, { address: FAR, port });

describe('a name at the far side', () => {
  test('is resolved to the addresses of a family', async () => {
    const port = await dnsServer((query) => [
      answerTo(query, query.questions![0]!.type === 'AAAA' ? ['2001:db8::5'] : ['192.0.2.5']),
    ]);
    expect(await at(port)('Name.example.', 6)).toEqual(['2001:db8::5']);
    expect(await at(port)('name.example', 4)).toEqual(['192.0.2.5']);
  });

  test('that there is not, or that has no address, has none', async () => {
    const nx = await dnsServer((query) => [answerTo(query, [], { flags: 3 })]);
    const none = await dnsServer((query) => [answerTo(query, [])]);
    expect(await at(nx)('a.example', 6)).toEqual([]);
    expect(await at(none)('a.example', 6)).toEqual([]);
  });

  test('is asked again by TCP when the answer is truncated (RFC 7766)', async () => {
    const all = Array.from({ length: 80 }, (_, index) => `2001:db8::${index + 1}`);
    const port = await dnsServer(
      (query) => [answerTo(query, [], { flags: dnsPacket.TRUNCATED_RESPONSE })],
      (query) => [answerTo(query, all)],
    );
    expect(await at(port)('a.example', 6)).toEqual(all);
  });

  test('takes no answer with another number, name or type, and none that is a question', async () => {
    const bad = ['2001:db8::bad'];
    const port = await dnsServer((query) => [
      answerTo({ ...query, id: ((query.id ?? 0) + 1) & 0xffff }, bad),
      answerTo(query, bad, { questions: [{ type: 'AAAA', name: 'b.example' }] }),
      answerTo(query, bad, { questions: [{ type: 'TXT', name: 'a.example' }] }),
      answerTo(query, bad, { questions: [] }),
      answerTo(query, bad, { type: 'query' }),
      answerTo(query, ['2001:db8::1']),
    ]);
    expect(await at(port)('a.example', 6)).toEqual(['2001:db8::1']);
  });

  test('takes no answer from another server', async () => {
    const other = createSocket('udp6');
    endings.add(() => other.close());
    const socket = createSocket('udp6');
    endings.add(() => socket.close());
    socket.on('message', (message, from) => {
      const query = dnsPacket.decode(message);
      const forged = dnsPacket.encode(answerTo(query, ['2001:db8::bad']));
      other.send(forged, from.port, from.address, () => {
        const bytes = dnsPacket.encode(answerTo(query, ['2001:db8::1']));
        setTimeout(() => socket.send(bytes, from.port, from.address), 50);
      });
    });
    socket.bind(0, '::1');
    await once(socket, 'listening');
    expect(await at(socket.address().port)('a.example', 6)).toEqual(['2001:db8::1']);
  });

  test('is asked for again when an answer is lost', async () => {
    let asked = 0;
    const port = await dnsServer((query) =>
      ++asked < 2 ? [] : [answerTo(query, ['2001:db8::1'])],
    );
    expect(await at(port)('a.example', 6)).toEqual(['2001:db8::1']);
  });

  test('fails where the server refuses', async () => {
    const refused = await dnsServer((query) => [answerTo(query, [], { flags: 5 })]);
    await expect(at(refused)('a.example', 6)).rejects.toMatchObject({ fault: 'dns-failure' });
    const short = await dnsServer((query) => [
      answerTo(query, [], { flags: dnsPacket.TRUNCATED_RESPONSE }),
    ]);
    await expect(at(short)('a.example', 6)).rejects.toMatchObject({ fault: 'dns-failure' });
  });
});
