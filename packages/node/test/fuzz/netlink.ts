import { demand, type FuzzTarget } from '@6bed4/testing/fuzzTarget';
import { readLinkStates } from '../../src/drivers/kernel/linkMessages.js';
import {
  readAttributes,
  readMessages,
  readNumber,
} from '../../src/drivers/kernel/netlinkMessages.js';
import {
  addressMessage,
  dumpMessage,
  labelMessage,
  readLabel,
  readRoute,
  readRule,
  routeMessage,
  ruleMessage,
} from '../../src/drivers/kernel/routingMessages.js';

const prefix = { bytes: new Uint8Array(16).fill(0xfc), length: 128 };
const BODY_SIZES = [8, 12, 16];
const GUARD = 32;

/** What a netlink socket gives: messages, attributes, and what is read from them. */
export const target: FuzzTarget = {
  longest: 512,
  seeds: [
    addressMessage('add', { address: prefix, interfaceIndex: 7 }),
    routeMessage('add', {
      destination: prefix,
      table: 1000,
      metric: 5,
      source: prefix.bytes,
      interfaceIndex: 7,
    }),
    ruleMessage('add', { from: prefix, priority: 1042, table: 300 }),
    labelMessage('add', { prefix, interfaceIndex: 7, label: 5 }),
    dumpMessage(26),
  ],
  run(input) {
    const around = new Uint8Array(input.length + 2 * GUARD);
    around.set(input, GUARD);
    const view = new DataView(around.buffer, GUARD, input.length);
    readLinkStates(view, input.length, 7);
    const messages = readMessages(view, input.length);
    demand(messages.length * 16 <= input.length, 'messages have a header each');
    for (const message of messages) {
      demand(message.end <= input.length, 'messages end within what was read');
      for (const read of [readRoute, readRule, readLabel]) {
        const found = read(message);
        demand(found === null || typeof found === 'object', 'something or nothing');
      }
      for (const size of BODY_SIZES) {
        for (const value of readAttributes(message, size).values()) {
          const end = value.byteOffset + value.byteLength;
          demand(end <= GUARD + message.end, 'attributes end within their message');
          readNumber(value);
        }
      }
    }
  },
};
