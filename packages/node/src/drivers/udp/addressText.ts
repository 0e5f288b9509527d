import { formatIPv4, type UdpEndpoint } from '@6bed4/codec';

/** Texts kept: a router serves thousands of peers at a time, a peer a few. */
const CAPACITY = 4096;

/** IPv4 addresses as the text that Node's sockets want, without building it again for each packet. */
export class AddressTexts {
  readonly #texts = new Map<number, string>();
  #lastBits = 0;
  #lastText = '0.0.0.0';

  /** Number of texts that are kept. */
  get size(): number {
    return this.#texts.size;
  }

  /** The text of an endpoint's address. */
  textOf(endpoint: Readonly<UdpEndpoint>): string {
    const bits = endpoint.addressBits;
    if (bits !== this.#lastBits) {
      this.#lastText = this.#lookUp(bits);
      this.#lastBits = bits;
    }
    return this.#lastText;
  }

  #lookUp(bits: number): string {
    const known = this.#texts.get(bits);
    if (known !== undefined) return known;
    if (this.#texts.size >= CAPACITY) this.#texts.clear();
    const text = formatIPv4(bits >>> 0);
    this.#texts.set(bits, text);
    return text;
  }
}

const DOT = 0x2e;
const ZERO = 0x30;

/** IPv4 addresses from the text that Node's sockets give; that text is always well-formed. */
export class AddressNumbers {
  #lastText = '0.0.0.0';
  #lastAddress = 0;

  /** The address (uint32) of a text. */
  numberOf(text: string): number {
    if (text !== this.#lastText) {
      this.#lastAddress = read(text);
      this.#lastText = text;
    }
    return this.#lastAddress;
  }
}

function read(text: string): number {
  let address = 0;
  let part = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === DOT) {
      address = address * 256 + part;
      part = 0;
    } else {
      part = part * 10 + (code - ZERO);
    }
  }
  return address * 256 + part;
}
