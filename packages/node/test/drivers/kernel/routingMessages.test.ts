import { endianness } from 'node:os';
import { parseIPv6, parsePrefix } from '@6bed4/codec';
import { describe, expect, test } from 'vitest';
import { addressMessage } from '../../../src/drivers/kernel/addressMessages.js';
import { viewOf } from '../../../src/drivers/kernel/native.js';
import {
  type NetlinkMessage,
  netlinkMessage,
  readAttributes,
  readMessages,
  readNumber,
  setSequence,
} from '../../../src/drivers/kernel/netlinkMessages.js';
import {
  dumpMessage,
  labelMessage,
  type Route,
  readLabel,
  readRoute,
  readRule,
  readUnicastRoute,
  routeMessage,
  ruleMessage,
  unicastRoutesMessage,
} from '../../../src/drivers/kernel/routingMessages.js';

const LE = endianness() === 'LE';
const T = 0x6bed0002;

/* What `ip` (iproute2 6.1) sent to Linux 6.18 and got from it, on a little-endian machine. */

/** `ip -6 route append 2000::/3 dev t0 metric 1052 table 0x6bed0002 src fc64::1 proto static` */
const ROUTE =
  '5c0000001800050cb050076b000000000a0300000004000100000000140001002000000000000000000000000000000' +
  '0080006001c04000008000f000200ed6b14000700fc6400000000000000000000000000010800040002000000';
/** `ip -6 route append fc64::/16 dev t0 metric 1052 proto static` */
const MAIN_ROUTE =
  '400000001800050cb050076b000000000a100000fe0400010000000014000100fc6400000000000000000000000000' +
  '00080006001c0400000800040002000000';
/** `ip -6 rule add from fc64::/114 priority 5210 table 0x6bed0002` */
const RULE =
  '4000000020000506b050076b000000000a007200000000010000000014000200fc6400000000000000000000000000' +
  '00080006005a14000008000f000200ed6b';
/** `ip -6 rule add priority 32800 table 0x6bed0002` */
const LAST_RULE =
  '2c00000020000506b050076b000000000a0000000000000100000000080006002080000008000f000200ed6b';
/** `ip addrlabel add prefix fc64::/16 dev t0 label 27629` */
const LABEL =
  '3800000048000506b050076b000000000a001000020000000000000008000200ed6b000014000100fc6400000000000' +
  '00000000000000000';
/** The answer to `ip -6 rule`: local, the two above with main between them, and NLMSG_DONE. */
const RULES =
  '3400000020000200b050076b901000000a000000ff0000010000000008000f00ff00000008000e00ffffffff0500150' +
  '0020000005000000020000200b050076b901000000a007200fc0000010000000008000f000200ed6b08000e00ffffff' +
  'ff0500150000000000080006005a14000014000200fc6400000000000000000000000000003c00000020000200b0500' +
  '76b901000000a000000fe0000010000000008000f00fe00000008000e00ffffffff050015000200000008000600fe7f' +
  '00003c00000020000200b050076b901000000a000000fc0000010000000008000f000200ed6b08000e00ffffffff050' +
  '015000000000008000600208000001400000003000200b050076b9010000000000000';
/** Of the answers to `ip -6 route`: a route by two interfaces, and one that refuses packets. */
const SEVERAL_WAYS =
  'a800000018000200010000009b2000000a300000fe0300010000000008000f00fe0000001400010020010db80008000' +
  '0000000000000000008000600000400003c0009001c0000000300000014000500fe80000000000000000000000000000' +
  '11c0000000200000014000500fe80000000000000000000000000000224000c000000000000000000000000000000000' +
  '0000000000000000000000000000000000500140000000000';
const UNREACHABLE =
  '7400000018000200010000009b2000000a300000fe0300070000000008000f00fe0000001400010020010db80009000' +
  '00000000000000000080006000100000008000400' +
  '0100000024000c0000000000000000000000000000000000000000000000000000000000000000000500140000000000';
/** Two of the answers to `ip addrlabel`. */
const LABELS =
  '3800000048000200b050076b971000000a001000020000000b00000014000100fc64000000000000000000000000000' +
  '008000200ed6b00003800000048000200b050076b971000000a000000000000000b0000001400010000000000000000' +
  '0000000000000000000800020001000000';

/** `ip addr add fc64::1/114 dev t0 nodad` */
const ADDRESS =
  '40000000140005062059076b000000000a7202000200000014000200fc640000000000000000000000000001' +
  '14000100fc640000000000000000000000000001';

const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));
const messagesIn = (hex: string) => {
  const bytes = bytesOf(hex);
  return readMessages(viewOf(bytes), bytes.length);
};

/** The recorded bytes without what differs by intention: flags and sequence number. */
function comparable(message: Uint8Array): string {
  const copy = message.slice();
  copy.fill(0, 6, 12);
  return Buffer.from(copy).toString('hex');
}

const flagsOf = (message: Uint8Array): number => viewOf(message).getUint16(6, LE);
const typeOf = (message: Uint8Array): number => viewOf(message).getUint16(4, LE);

const route: Route = {
  destination: parsePrefix('2000::/3'),
  table: T,
  metric: 1052,
  source: parseIPv6('fc64::1'),
  interfaceIndex: 2,
};
const mainRoute: Route = {
  ...route,
  destination: parsePrefix('fc64::/16'),
  table: 254,
  source: null,
};
const rule = { priority: 5210, from: parsePrefix('fc64::/114'), table: T };
const lastRule = { priority: 32_800, from: null, table: T };
const label = { prefix: parsePrefix('fc64::/16'), interfaceIndex: 2, label: 0x6bed };

const address = {
  address: { ...parsePrefix('fc64::1/128'), length: 114 },
  interfaceIndex: 2,
};

describe.runIf(LE)('the bytes of', () => {
  test.each([
    ['a route in a table of its own', routeMessage('add', route), ROUTE, 0x405],
    ['a route in the main table', routeMessage('add', mainRoute), MAIN_ROUTE, 0x405],
    ['a rule for a source', ruleMessage('add', rule), RULE, 0x605],
    ['a rule for all', ruleMessage('add', lastRule), LAST_RULE, 0x605],
    ['an address label', labelMessage('add', label), LABEL, 0x605],
    ['an address', addressMessage('add', address), ADDRESS, 0x605],
  ])('%s are those that ip sends', (_, message, recorded, flags) => {
    expect(comparable(message)).toBe(comparable(bytesOf(recorded)));
    expect(flagsOf(message)).toBe(flags);
  });
});

test.runIf(LE)('a request for routes that lead somewhere names their type', () => {
  const hex = Buffer.from(unicastRoutesMessage()).toString('hex');
  expect(hex).toBe(`1c0000001a000103${'0'.repeat(16)}0a0000000000000100000000`);
});

describe('what removes', () => {
  test.each([
    ['a route', routeMessage('add', route), routeMessage('remove', route), 25],
    ['a rule', ruleMessage('add', rule), ruleMessage('remove', rule), 33],
    ['an address', addressMessage('add', address), addressMessage('remove', address), 21],
    ['a label', labelMessage('add', label), labelMessage('remove', label), 73],
  ])('%s differs in type and flags only', (_, added, removed, type) => {
    expect(typeOf(removed)).toBe(type);
    expect(flagsOf(removed)).toBe(0x5);
    expect(removed.subarray(8)).toEqual(added.subarray(8));
    expect(removed.subarray(0, 4)).toEqual(added.subarray(0, 4));
  });
});

test('tables up to 255 are in the body, and further ones are an attribute', () => {
  const table = (number: number) => {
    const message = routeMessage('add', { ...route, table: number });
    const [read] = readMessages(viewOf(message), message.length);
    return [message[20], readNumber(readAttributes(read!, 12).get(15))];
  };
  expect(table(255)).toEqual([255, null]);
  expect(table(256)).toEqual([0, 256]);
});

test('a request for all objects of a kind has the flags of a dump', () => {
  const message = dumpMessage(34);
  expect(message).toHaveLength(28);
  expect([typeOf(message), flagsOf(message), message[16]]).toEqual([34, 0x301, 10]);
});

test('the sequence number is written after the flags', () => {
  const message = dumpMessage(34);
  setSequence(message, 0x01020304);
  expect(viewOf(message).getUint32(8, LE)).toBe(0x01020304);
});

test('attributes are padded to four bytes, which their length does not count', () => {
  const message = netlinkMessage(1, 1, new Uint8Array(12), [
    [7, Uint8Array.of(1, 2, 3, 4, 5)],
    [8, 9],
  ]);
  expect(message).toHaveLength(28 + 12 + 8);
  const [read] = readMessages(viewOf(message), message.length);
  const attributes = readAttributes(read!, 12);
  expect(attributes.get(7)!.byteLength).toBe(5);
  expect(readNumber(attributes.get(8))).toBe(9);
});

describe.runIf(LE)('reading', () => {
  test('finds the rules that the kernel reports', () => {
    const messages = messagesIn(RULES);
    expect(messages.map(({ type }) => type)).toEqual([32, 32, 32, 32, 3]);
    expect(messages[0]!.sequence).toBe(0x6b0750b0);
    expect(messages.map(readRule)).toEqual([
      { priority: 0, from: null, table: 255 },
      rule,
      { priority: 32_766, from: null, table: 254 },
      lastRule,
      null,
    ]);
  });

  test('leaves out rules that do not look up a table', () => {
    const bytes = bytesOf(RULES);
    bytes[23] = 7;
    expect(readMessages(viewOf(bytes), bytes.length).map(readRule)[0]).toBeNull();
  });

  test('finds the labels that the kernel reports', () => {
    expect(messagesIn(LABELS).map(readLabel)).toEqual([
      label,
      { prefix: parsePrefix('::/0'), interfaceIndex: 0, label: 1 },
    ]);
  });

  test('finds routes, as they are sent', () => {
    expect(messagesIn(ROUTE + MAIN_ROUTE).map(readRoute)).toEqual([route, mainRoute]);
  });

  test('finds routes that lead somewhere', () => {
    const lead = messagesIn(ROUTE + SEVERAL_WAYS + UNREACHABLE + RULE).map(readUnicastRoute);
    expect(lead).toEqual([
      { destination: parsePrefix('2000::/3'), interfaceIndex: 2 },
      { destination: parsePrefix('2001:db8:8::/48'), interfaceIndex: null },
      null,
      null,
    ]);
  });

  test('takes no message for another', () => {
    expect(messagesIn(RULE + LABEL).map(readRoute)).toEqual([null, null]);
    expect(messagesIn(ROUTE + LABEL).map(readRule)).toEqual([null, null]);
    expect(messagesIn(ROUTE + RULE).map(readLabel)).toEqual([null, null]);
  });

  test('takes what has no interface or no label for nothing', () => {
    expect(
      messagesIn(`1c00000018000000${'0'.repeat(16)}0a${'0'.repeat(22)}`).map(readRoute),
    ).toEqual([null]);
    expect(
      messagesIn(`1c00000048000000${'0'.repeat(16)}0a${'0'.repeat(22)}`).map(readLabel),
    ).toEqual([null]);
  });

  test('takes a message without its body for nothing', () => {
    const readers: [string, (message: NetlinkMessage) => unknown][] = [
      ['18', readRoute],
      ['18', readUnicastRoute],
      ['20', readRule],
      ['48', readLabel],
    ];
    for (const [type, read] of readers) {
      const short = messagesIn(`1b000000${type}000000${'0'.repeat(16)}0a${'0'.repeat(20)}`);
      expect(short).toHaveLength(1);
      expect(short.map(read)).toEqual([null]);
    }
  });

  test('stops at a message or an attribute that is not whole', () => {
    const bytes = bytesOf(RULES);
    expect(readMessages(viewOf(bytes), bytes.length - 1)).toHaveLength(4);
    expect(readMessages(viewOf(bytes), bytes.length)).toHaveLength(5);
    for (const size of [15, 0]) {
      viewOf(bytes).setUint32(0, size, true);
      expect(readMessages(viewOf(bytes), bytes.length)).toEqual([]);
    }
    const broken = bytesOf(LAST_RULE);
    for (const [size, found] of [
      [9, 1],
      [8, 2],
      [3, 1],
    ] as const) {
      viewOf(broken).setUint16(36, size, true);
      const [message] = readMessages(viewOf(broken), broken.length);
      expect(readAttributes(message!, 12).size).toBe(found);
    }
  });

  test('takes an attribute of less than four bytes for no number', () => {
    expect(readNumber(new DataView(new ArrayBuffer(3)))).toBeNull();
    expect(readNumber(undefined)).toBeNull();
  });

  test('takes an address of another length for none', () => {
    const bytes = bytesOf(LABELS);
    viewOf(bytes).setUint16(28, 8, true);
    expect(readMessages(viewOf(bytes), bytes.length).map(readLabel)[0]).toBeNull();
    const both = netlinkMessage(72, 0, bytes.slice(16, 28), [
      [1, 5],
      [2, 0x6bed],
    ]);
    const [found] = readMessages(viewOf(both), both.length).map(readLabel);
    expect(found).toEqual({ ...label, prefix: { bytes: new Uint8Array(16), length: 16 } });
  });
});
