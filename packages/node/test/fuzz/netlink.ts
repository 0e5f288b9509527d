import { demand, type FuzzTarget } from '@6bed4/testing/fuzzTarget';
import * as addressMessages from '../../src/drivers/kernel/addressMessages.js';
import {
  IFA_ADDRESS,
  RTA_DST,
  RTA_OIF,
  RTA_PRIORITY,
  RTA_TABLE,
  RTM_NEWADDR,
  RTM_NEWADDRLABEL,
  RTM_NEWLINK,
  RTM_NEWROUTE,
  RTM_NEWRULE,
} from '../../src/drivers/kernel/constants.js';
import * as linkMessages from '../../src/drivers/kernel/linkMessages.js';
import {
  type NetlinkMessage,
  netlinkMessage,
  readAttributes,
  readMessages,
  readNumber,
} from '../../src/drivers/kernel/netlinkMessages.js';
import * as routingMessages from '../../src/drivers/kernel/routingMessages.js';
import * as underlayMessages from '../../src/drivers/kernel/underlayMessages.js';

type Reader = (message: NetlinkMessage) => unknown;

/** All functions that make something of one message: each takes that message alone. */
const readers = [addressMessages, linkMessages, routingMessages, underlayMessages]
  .flatMap((module) => Object.entries(module as Readonly<Record<string, unknown>>))
  .filter(([name, reader]) => /^read/.test(name) && (reader as Reader).length === 1)
  .map(([, reader]) => reader as Reader);

const BODY_SIZES = [8, 12, 16];
const GUARD = 32;
const address = new Uint8Array(16).fill(0xfc);

/** What a netlink socket gives: messages, attributes, and what is read from them. */
export const target: FuzzTarget = {
  longest: 512,
  seeds: [
    netlinkMessage(RTM_NEWADDR, 0, Uint8Array.of(10, 114, 0, 0, 7, 0, 0, 0), [
      [IFA_ADDRESS, address],
    ]),
    netlinkMessage(RTM_NEWROUTE, 0, Uint8Array.of(10, 64, 0, 0, 254, 4, 0, 1, 0, 0, 0, 0), [
      [RTA_DST, address],
      [RTA_PRIORITY, 5],
      [RTA_TABLE, 1000],
      [RTA_OIF, 7],
    ]),
    netlinkMessage(RTM_NEWRULE, 0, Uint8Array.of(10, 0, 64, 0, 0, 0, 0, 1, 0, 0, 0, 0), []),
    netlinkMessage(RTM_NEWADDRLABEL, 0, Uint8Array.of(10, 0, 64, 0, 7, 0, 0, 0, 0, 0, 0, 0), []),
    netlinkMessage(RTM_NEWLINK, 0, new Uint8Array(16).fill(1), [[4, 1280]]),
  ],
  run(input) {
    const around = new Uint8Array(input.length + 2 * GUARD);
    around.set(input, GUARD);
    const view = new DataView(around.buffer, GUARD, input.length);
    const messages = readMessages(view, input.length);
    demand(messages.length * 16 <= input.length, 'messages have a header each');
    for (const message of messages) {
      demand(message.end <= input.length, 'messages end within what was read');
      for (const read of readers) read(message);
      for (const size of BODY_SIZES) checkAttributes(message, size);
    }
  },
};

function checkAttributes(message: NetlinkMessage, bodySize: number): void {
  for (const value of readAttributes(message, bodySize).values()) {
    const end = value.byteOffset + value.byteLength;
    demand(end <= GUARD + message.end, 'attributes end within their message');
    readNumber(value);
  }
}
