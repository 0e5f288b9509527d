import { createCipheriv, createHmac, timingSafeEqual } from 'node:crypto';

/** Bytes of a master key and of its salt, of a session's authentication key, and of a tag. */
const [KEY, SALT, AUTH_KEY, TAG] = [16, 14, 20, 10];
/** Bytes of a master key with its salt, as SDP carries them. */
export const MASTER = KEY + SALT;
/** Packets below the highest index received that may still arrive (RFC 3711 §3.3.2: 64 at least). */
const WINDOW = 64n;
const ALL = (1n << WINDOW) - 1n;

/** The key stream of AES in counter mode from a block of 14 bytes, combined with the input (RFC 3711 §4.1.1). */
function counterMode(key, block, input) {
  return createCipheriv('aes-128-ctr', key, Buffer.concat([block, Buffer.alloc(2)])).update(input);
}

/** The session keys of a master key, which stay the same for the session: a key derivation rate of 0. */
export function deriveKeys(master) {
  if (master.length !== MASTER) throw new RangeError(`a master key with salt has ${MASTER} bytes`);
  const derive = (label, length) => {
    const block = Buffer.from(master.subarray(KEY));
    block[7] ^= label;
    return counterMode(master.subarray(0, KEY), block, Buffer.alloc(length));
  };
  return { cipher: derive(0, KEY), auth: derive(1, AUTH_KEY), salt: derive(2, SALT) };
}

/** Encrypts a payload; also decrypts it. `index` is the 48-bit index of the packet. */
export function crypt({ cipher, salt }, ssrc, index, payload) {
  const block = Buffer.from(salt);
  block.writeUInt32BE((block.readUInt32BE(4) ^ ssrc) >>> 0, 4);
  const number = Buffer.alloc(6);
  number.writeUIntBE(index, 0, 6);
  for (const [i, byte] of number.entries()) block[8 + i] ^= byte;
  return counterMode(cipher, block, payload);
}

function tagOf({ auth }, authenticated, rollover) {
  const counter = Buffer.alloc(4);
  counter.writeUInt32BE(rollover);
  return createHmac('sha1', auth).update(authenticated).update(counter).digest().subarray(0, TAG);
}

/** The length of the header of RTP with its sources and its extension, or `null` if the packet is shorter. */
function headerLength(packet) {
  if (packet.length < 12 || packet[0] >> 6 !== 2) return null;
  let length = 12 + 4 * (packet[0] & 0x0f);
  if (packet[0] & 0x10) {
    if (packet.length < length + 4) return null;
    length += 4 + 4 * packet.readUInt16BE(length + 2);
  }
  return length <= packet.length ? length : null;
}

/**
 * The sender of one RTP stream protected by AES_CM_128_HMAC_SHA1_80 (RFC 3711). A master key must serve one
 * stream only, since the key stream would repeat.
 */
export function createProtection(master) {
  const keys = deriveKeys(master);
  let rollover = 0;
  let last = -1;
  /** Protects the packets of the stream, in the order of their sequence numbers. */
  return (packet) => {
    const header = headerLength(packet);
    if (header === null) throw new RangeError('not a packet of RTP');
    const sequence = packet.readUInt16BE(2);
    if (sequence <= last) rollover++;
    last = sequence;
    const index = rollover * 0x10000 + sequence;
    const payload = crypt(keys, packet.readUInt32BE(8), index, packet.subarray(header));
    const authenticated = Buffer.concat([packet.subarray(0, header), payload]);
    return Buffer.concat([authenticated, tagOf(keys, authenticated, rollover)]);
  };
}

/** The receiver of one RTP stream protected by AES_CM_128_HMAC_SHA1_80: of the first authentic source. */
export function createReceiver(master) {
  const keys = deriveKeys(master);
  const dropped = { unauthenticated: 0, replayed: 0 };
  let ssrc;
  let highest;
  let window = 0n;

  /** The index nearest to the highest one with this sequence number (RFC 3711 §3.3.1). */
  function indexOf(sequence) {
    if (highest === undefined) return sequence;
    const index = highest + (((sequence - highest) << 16) >> 16);
    return index < 0 ? index + 0x10000 : index;
  }

  return {
    /** Packets that were dropped, by reason. */
    dropped,
    /** Returns the packet of RTP, or `undefined` if it is forged, altered, a repetition or too late. */
    open(packet) {
      const authenticated = packet.subarray(0, Math.max(0, packet.length - TAG));
      const header = headerLength(authenticated);
      const source = header === null ? undefined : packet.readUInt32BE(8);
      const index = header === null ? 0 : indexOf(packet.readUInt16BE(2));
      const isAuthentic =
        header !== null &&
        source === (ssrc ?? source) &&
        index < 2 ** 48 &&
        timingSafeEqual(
          tagOf(keys, authenticated, Math.floor(index / 0x10000)),
          packet.subarray(authenticated.length),
        );
      if (!isAuthentic) {
        dropped.unauthenticated++;
        return undefined;
      }
      // Only authentic packets may move the window. Bit 0 stands for the highest index.
      const ahead = index - (highest ?? index - 1);
      if (ahead <= 0 && (-ahead >= WINDOW || (window >> BigInt(-ahead)) & 1n)) {
        dropped.replayed++;
        return undefined;
      }
      if (ahead > 0) {
        window = ((window << BigInt(ahead)) | 1n) & ALL;
        highest = index;
      } else {
        window |= 1n << BigInt(-ahead);
      }
      ssrc = source;
      const payload = crypt(keys, source, index, authenticated.subarray(header));
      return Buffer.concat([authenticated.subarray(0, header), payload]);
    },
  };
}
