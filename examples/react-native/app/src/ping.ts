import { formatIPv6, parseIPv6 } from '@6bed4/codec';
import { buildEcho, type Echo, echoReplyTo, parseEcho } from '@6bed4/nd';
import { random } from './random';

const TIMEOUT = 3_000;
const NUMBERS = 0x1_0000;

interface Waiting {
  readonly destination: string;
  readonly sentAt: number;
  end(milliseconds: number | null): void;
}

/** Ping (RFC 4443 §4): asks others, and answers. */
export class Ping {
  readonly #send: (packet: Uint8Array) => void;
  /** By sequence number. */
  readonly #waiting = new Map<number, Waiting>();
  readonly #identifier = Math.floor(random() * NUMBERS);
  #sequence = 0;

  /** @param send - sends an IPv6 packet */
  constructor(send: (packet: Uint8Array) => void) {
    this.#send = send;
  }

  /**
   * Sends an echo request.
   *
   * @param source - the own IPv6 address
   * @returns the round trip in milliseconds; null when no reply came within 3 s
   * @throws InvalidArgumentError for what is no IPv6 address
   */
  ping(source: string, destination: string): Promise<number | null> {
    const sequence = this.#sequence;
    this.#sequence = (sequence + 1) % NUMBERS;
    const packet = buildEcho({
      type: 'echo-request',
      source: parseIPv6(source),
      destination: parseIPv6(destination),
      hopLimit: 64,
      identifier: this.#identifier,
      sequence,
      data: new Uint8Array(8),
    });
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#end(sequence, null), TIMEOUT);
      this.#waiting.set(sequence, {
        destination: formatIPv6(parseIPv6(destination)),
        sentAt: performance.now(),
        end: (milliseconds) => {
          clearTimeout(timer);
          resolve(milliseconds);
        },
      });
      this.#send(packet);
    });
  }

  /** Takes an ICMPv6 packet that came for this side. */
  packetArrived(packet: Uint8Array): void {
    const parsed = parseEcho(packet, 0, packet.length);
    if (!parsed.ok) return;
    if (parsed.value.type === 'echo-request') this.#send(buildEcho(echoReplyTo(parsed.value)));
    else this.#replied(parsed.value);
  }

  #replied({ source, identifier, sequence }: Echo): void {
    const waiting = this.#waiting.get(sequence);
    if (identifier !== this.#identifier || waiting?.destination !== formatIPv6(source)) return;
    this.#end(sequence, performance.now() - waiting.sentAt);
  }

  #end(sequence: number, milliseconds: number | null): void {
    this.#waiting.get(sequence)?.end(milliseconds);
    this.#waiting.delete(sequence);
  }
}
