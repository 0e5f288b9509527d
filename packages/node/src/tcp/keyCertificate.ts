const INTEGER = 0x02;
const BIT_STRING = 0x03;
const OCTET_STRING = 0x04;
const OBJECT_IDENTIFIER = 0x06;
const BOOLEAN = 0x01;
const UTF8_STRING = 0x0c;
const UTC_TIME = 0x17;
const GENERALIZED_TIME = 0x18;
const SEQUENCE = 0x30;
const SET = 0x31;
const EXPLICIT_0 = 0xa0;
const EXPLICIT_3 = 0xa3;

/** Lengths in one byte end here (X.690 §8.1.3.4). */
const SHORT_LENGTH = 0x80;
const TWO_BYTE_LENGTH = 0x82;
const ONE_BYTE_LENGTH = 0x81;

/** 1.3.101.112, Ed25519 as key and as signature (RFC 8410 §3). */
const ED25519 = Buffer.from('2b6570', 'hex');
/** 2.5.4.3, commonName (X.520). */
const COMMON_NAME = Buffer.from('550403', 'hex');
/** 2.5.29.19, basicConstraints (RFC 5280 §4.2.1.9). */
const BASIC_CONSTRAINTS = Buffer.from('551d13', 'hex');
const SIGNATURE_BYTES = 64;
/** For clocks that are wrong: the pinned key is what is trusted, without an end (RFC 5280 §4.1.2.5). */
const NOT_BEFORE = Buffer.from('700101000000Z');
const NOT_AFTER = Buffer.from('99991231235959Z');

function der(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(contents);
  const { length } = content;
  if (length < SHORT_LENGTH) return Buffer.concat([Buffer.of(tag, length), content]);
  const head =
    length < 256
      ? Buffer.of(tag, ONE_BYTE_LENGTH, length)
      : Buffer.of(tag, TWO_BYTE_LENGTH, length >> 8, length & 0xff);
  return Buffer.concat([head, content]);
}

/** Bytes that are whole: no bits of the last one are unused. */
const bitString = (bytes: Uint8Array): Buffer => der(BIT_STRING, Buffer.of(0), bytes);

/**
 * The X.509 certificate of an Ed25519 key (RFC 5280 §4.1): a function of the key alone, so that who knows
 * the key can write it, and name it to TLS as the one certificate to trust.
 *
 * For this, its signature is zero. Nobody needs it: the signature of a trust anchor is not part of
 * validation (RFC 5280 §6.1), and it would prove what the handshake proves, that the other side has the
 * private key (RFC 8446 §4.4.3). The certificate is no authority, so it can vouch for no other one.
 *
 * @param publicKey - 32 bytes
 * @param name - commonName, unique for the key; 64 characters at most
 * @returns in PEM
 */
export function keyCertificate(publicKey: Uint8Array, name: string): string {
  const algorithm = der(SEQUENCE, der(OBJECT_IDENTIFIER, ED25519));
  const commonName = der(UTF8_STRING, Buffer.from(name));
  const subject = der(
    SEQUENCE,
    der(SET, der(SEQUENCE, der(OBJECT_IDENTIFIER, COMMON_NAME), commonName)),
  );
  const isNoAuthority = der(
    SEQUENCE,
    der(OBJECT_IDENTIFIER, BASIC_CONSTRAINTS),
    der(BOOLEAN, Buffer.of(0xff)),
    der(OCTET_STRING, der(SEQUENCE)),
  );
  const body = der(
    SEQUENCE,
    der(EXPLICIT_0, der(INTEGER, Buffer.of(2))),
    der(INTEGER, Buffer.of(1)),
    algorithm,
    subject,
    der(SEQUENCE, der(UTC_TIME, NOT_BEFORE), der(GENERALIZED_TIME, NOT_AFTER)),
    subject,
    der(SEQUENCE, algorithm, bitString(publicKey)),
    der(EXPLICIT_3, der(SEQUENCE, isNoAuthority)),
  );
  const whole = der(SEQUENCE, body, algorithm, bitString(Buffer.alloc(SIGNATURE_BYTES)));
  const lines = whole.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}
