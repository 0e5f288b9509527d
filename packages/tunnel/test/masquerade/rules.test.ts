import { InvalidArgumentError } from '@6bed4/codec';
import { describe, expect, test } from 'vitest';
import { formatMasqueradeRule, parseMasqueradeRule } from '../../src/index.js';
import { RouterBench } from '../support/routerBench.js';
import { A, ADDRESS_A, addressOf, FOREIGN_ADDRESS, ROUTER } from '../support/routerMessages.js';
import { mirrored, TCP, transport } from '../support/transportPackets.js';

const HOST = '2001:db8:5::5';

describe('a rule', () => {
  test.each([
    ['tcp:22', 'tcp:22'],
    ['tcp:22=:22', 'tcp:22'],
    ['tcp:22=:2222', 'tcp:22=:2222'],
    ['udp:5060-5061=2001:DB8:5::5', `udp:5060-5061=[${HOST}]`],
    [`udp:5060-5061=[${HOST}]:6060`, `udp:5060-5061=[${HOST}]:6060`],
    ['sctp:1-65535', 'sctp:1-65535'],
    ['icmp', 'icmp'],
    [`icmp=${HOST}`, `icmp=[${HOST}]`],
    [`icmp=[${HOST}]`, `icmp=[${HOST}]`],
    ['tcp:7=::5', 'tcp:7=[::5]'],
  ])('reads %s', (text, shortest) => {
    expect(formatMasqueradeRule(parseMasqueradeRule(text))).toBe(shortest);
  });

  test.each([
    '',
    'tcp',
    'tcp:',
    'tcp:0',
    'tcp:022',
    'tcp:65536',
    'tcp:9-8',
    'tcp:1-65536',
    'tcp:22=',
    'tcp:22=:0',
    'tcp:22=:65536',
    'tcp:1-10=:65530',
    `tcp:22=[${HOST}`,
    `tcp:22=${HOST}]:22`,
    `tcp:22=[${HOST}]22`,
    'tcp:22=192.0.2.1',
    'tcp:22=host.example',
    'icmp:1',
    'icmp=:1',
    `icmp=[${HOST}]:1`,
    'dccp:22',
    'TCP:22',
    'tcp:22 ',
    'tcp:22,tcp:23',
  ])('refuses %j', (text) => {
    expect(() => parseMasqueradeRule(text)).toThrow(InvalidArgumentError);
    expect(() => new RouterBench({ masquerade: [text] })).toThrow(/^masquerade: found /);
  });
});

describe('rules together', () => {
  const portTaken = (masquerade: readonly string[], destinationPort: number): string | null => {
    const bench = new RouterBench({ masquerade });
    const flow = { protocol: TCP, source: ADDRESS_A, destinationPort };
    const [packet] = bench.datagram(
      A,
      transport({ ...flow, destination: addressOf(A, 0) }),
    ).delivered;
    if (packet === undefined) return null;
    return `${packet[39]}:${packet[42]! * 256 + packet[43]!}`;
  };

  test('leave a port to the first that names it', () => {
    const rules = [
      'tcp:10-20=2001:db8::1',
      'tcp:15-25=2001:db8::2',
      'tcp:1-100=[2001:db8::3]:1001',
    ];
    expect([9, 10, 15, 20, 21, 25, 26].map((port) => portTaken(rules, port))).toEqual([
      '3:1009',
      '1:10',
      '1:15',
      '1:20',
      '2:21',
      '2:25',
      '3:1026',
    ]);
    expect(portTaken(rules, 101)).toBeNull();
    // One that is left nothing is no fault.
    expect(portTaken(['tcp:22=2001:db8::1', 'tcp:22=2001:db8::2'], 22)).toBe('1:22');
  });

  test.each([
    [['tcp:22=2001:db8::1', 'tcp:23=[2001:db8::1]:22']],
    [['tcp:10-20=2001:db8::1', 'tcp:30-40=[2001:db8::1]:20']],
    [['tcp:30-40=[2001:db8::1]:20', 'tcp:10-20=2001:db8::1']],
    [['tcp:22', `tcp:23=[${ROUTER}]:22`]],
  ])('may not lead to the same port of a host, or replies would have two sources: %j', (rules) => {
    expect(() => new RouterBench({ masquerade: rules })).toThrow(/no other rule leads to/);
  });

  test.each([
    [['tcp:22=2001:db8::1', 'udp:23=[2001:db8::1]:22']],
    [['tcp:22=2001:db8::1', 'tcp:23=[2001:db8::2]:22']],
    [['tcp:10-20=2001:db8::1', 'tcp:30-40=[2001:db8::1]:21']],
    [['tcp:22', 'tcp:23=:2223']],
  ])('may lead to others: %j', (rules) => {
    expect(() => new RouterBench({ masquerade: rules })).not.toThrow();
  });

  test.each([
    ['the unspecified address', '::'],
    ['loopback, from which no packet of an interface comes', '::1'],
    ['link-local', 'fe80::1'],
    ['multicast', 'ff02::1'],
    ['a peer', ADDRESS_A],
    ['the router’s address of a peer', addressOf(A, 0)],
    ['a peer of another router', FOREIGN_ADDRESS],
    ['the /64', 'fc64:bed:c633:6401::'],
  ])('may not lead to %s', (_name, host) => {
    expect(() => new RouterBench({ masquerade: [`tcp:22=[${host}]`] })).toThrow(
      /expected a host on the IPv6 side/,
    );
  });

  test('may lead to an address of port 0 that a native /64 leaves to the computer of the router', () => {
    const prefix = '2001:db8:64:64::/64';
    const masquerade = ['tcp:22=2001:db8:64:64::5'];
    const bench = new RouterBench({ prefix, masquerade });
    const flow = { protocol: TCP, source: addressOf(A, 1, prefix) };
    const toRouter = transport({ ...flow, destination: addressOf(A, 0, prefix) });
    const there = transport({ ...flow, destination: '2001:db8:64:64::5' });
    expect(bench.datagram(A, toRouter).delivered).toEqual([there]);
    const [answer] = bench.packet(mirrored(there)).sent;
    expect(answer!.payload.subarray(8)).toEqual(mirrored(toRouter).subarray(8));
    const peer = [`tcp:22=${addressOf(A, 1, prefix)}`];
    expect(() => new RouterBench({ prefix, masquerade: peer })).toThrow(/IPv6 side/);
    expect(() => new RouterBench({ masquerade })).not.toThrow();
    const unlike = ['tcp:22=fc64:bed:c633:6401::5'];
    expect(() => new RouterBench({ masquerade: unlike })).toThrow(/IPv6 side/);
  });

  test('are 64 at most', () => {
    const rules = Array.from({ length: 64 }, (_, index) => `tcp:${index + 1}`);
    expect(() => new RouterBench({ masquerade: rules })).not.toThrow();
    expect(() => new RouterBench({ masquerade: [...rules, 'icmp'] })).toThrow(/64 at most/);
  });

  test('need something behind the router', () => {
    expect(() => new RouterBench({ masquerade: ['icmp'], ipv6Side: false })).toThrow(
      /masquerade: found icmp, expected no rules without an IPv6 side/,
    );
    expect(() => new RouterBench({ masquerade: [], ipv6Side: false })).not.toThrow();
  });
});
