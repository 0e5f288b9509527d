import { isIPv4Multicast } from '@6bed4/codec';
import { OPENING_TTL } from '@6bed4/tunnel';
import type { Arena } from '../kernel/arena.js';
import {
  AF_INET,
  IP_RETOPTS,
  IP_TOS,
  IP_TTL,
  SOL_IP,
  SOL_UDP,
  UDP_SEGMENT,
} from '../kernel/constants.js';
import { ControlWriter } from '../kernel/controlMessages.js';
import { OPENING_OPTIONS } from '../kernel/ipOptions.js';
import { type MessageLayout, messageLayout } from '../kernel/messageLayout.js';
import { LITTLE_ENDIAN } from '../kernel/native.js';
import {
  SOCKADDR_IN_ADDRESS,
  SOCKADDR_IN_PORT,
  SOCKADDR_IN_SIZE,
} from '../kernel/socketAddress.js';
import { MESSAGE_VECTORS_SIZE, MessageVectors } from './messageVectors.js';

const CONTROL_SIZE = 96;

/** Bytes of an arena that {@link MessageHeaders} take for each message. */
export const MESSAGE_HEADERS_SIZE = 64 + SOCKADDR_IN_SIZE + CONTROL_SIZE + MESSAGE_VECTORS_SIZE;

/** The messages of a batch as the kernel is told of them: `struct mmsghdr`, and what its pointers lead to. */
export class MessageHeaders {
  /** The pieces of each message. */
  readonly vectors: MessageVectors;
  readonly #arena: Arena;
  readonly #layout: MessageLayout;
  readonly #control: ControlWriter;
  readonly #headers: number;
  readonly #names: number;
  readonly #controls: number;

  constructor(arena: Arena, messages: number) {
    const layout = messageLayout(arena.longSize);
    this.#arena = arena;
    this.#layout = layout;
    this.#control = new ControlWriter(arena, layout);
    this.#headers = arena.reserve(messages * layout.messageSize);
    this.#names = arena.reserve(messages * SOCKADDR_IN_SIZE);
    this.#controls = arena.reserve(messages * CONTROL_SIZE);
    this.vectors = new MessageVectors(arena, messages);
    for (let slot = 0; slot < messages; slot++) {
      const header = this.#header(slot);
      const name = this.#name(slot);
      arena.setPointer(header + layout.name, name);
      arena.words[(header + layout.nameLength) >> 2] = SOCKADDR_IN_SIZE;
      arena.setPointer(header + layout.vectors, this.vectors.at(slot, 0));
      arena.setPointer(header + layout.control, this.#controls + slot * CONTROL_SIZE);
      arena.view.setUint16(name, AF_INET, LITTLE_ENDIAN);
    }
  }

  /** Address of a message in memory, behind which the next one follows. */
  address(slot: number): number {
    return this.#arena.address + this.#header(slot);
  }

  /** Says where a message goes. */
  setEndpoint(slot: number, address: number, port: number): void {
    const name = this.#name(slot);
    this.#arena.view.setUint16(name + SOCKADDR_IN_PORT, port);
    this.#arena.view.setInt32(name + SOCKADDR_IN_ADDRESS, address);
  }

  /** Says how many pieces a message has. */
  setPieces(slot: number, count: number): void {
    this.#arena.setSize(this.#header(slot) + this.#layout.vectorCount, count);
  }

  /**
   * Says how a message is sent.
   *
   * @param address - IPv4 address to which it goes
   * @param tos - type of service; 0 for that of the socket
   * @param ttl - time to live; 0 for that of the socket
   * @param gsoSize - length of the datagrams that the kernel makes of it; 0 if it is one
   */
  setControl(slot: number, address: number, tos: number, ttl: number, gsoSize: number): void {
    const control = this.#control;
    control.begin(this.#controls + slot * CONTROL_SIZE);
    if (tos !== 0) control.int32(SOL_IP, IP_TOS, tos);
    if (ttl !== 0) control.int32(SOL_IP, IP_TTL, ttl);
    if (ttl === OPENING_TTL && !isIPv4Multicast(address)) {
      control.bytes(SOL_IP, IP_RETOPTS, OPENING_OPTIONS);
    }
    if (gsoSize !== 0) control.uint16(SOL_UDP, UDP_SEGMENT, gsoSize);
    this.#arena.setSize(this.#header(slot) + this.#layout.controlLength, control.length);
  }

  #header(slot: number): number {
    return this.#headers + slot * this.#layout.messageSize;
  }

  #name(slot: number): number {
    return this.#names + slot * SOCKADDR_IN_SIZE;
  }
}
