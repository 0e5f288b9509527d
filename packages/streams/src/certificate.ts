import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';

/** A TLS certificate with its key, both PEM. */
export interface Certificate {
  readonly key: Buffer;
  readonly certificate: Buffer;
}

const INTEGER = 0x02;
const BIT_STRING = 0x03;
const OBJECT_IDENTIFIER = 0x06;
const UTF8_STRING = 0x0c;
const GENERALIZED_TIME = 0x18;
const SEQUENCE = 0x30;
const SET = 0x31;
const EXPLICIT_0 = 0xa0;

/** One-byte lengths end here (X.690 §8.1.3.4). */
const SHORT_LENGTH = 0x80;
const TWO_BYTE_LENGTH = 0x82;
const ONE_BYTE_LENGTH = 0x81;

/** 1.2.840.10045.4.3.2, ecdsa-with-SHA256 (RFC 5758 §3.2). */
const ECDSA_WITH_SHA256 = Buffer.from('2a8648ce3d040302', 'hex');
/** 2.5.4.3, commonName (X.520). */
const COMMON_NAME = Buffer.from('550403', 'hex');
const NAME = '6bed4';
/** The certificate lives as long as the process; nobody checks its dates (RFC 5280 §4.1.2.5 for the form). */
const NOT_BEFORE = '20000101000000Z';
const NOT_AFTER = '99991231235959Z';

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
function bitString(bytes: Uint8Array): Buffer {
  return der(BIT_STRING, Buffer.of(0), bytes);
}

let own: Certificate | null = null;

/**
 * A self-signed certificate (RFC 5280 §4.1) of this process. QUIC cannot do without one on the side
 * that accepts; it proves no identity, since 6bed4 addresses are nobody's property.
 */
export function ownCertificate(): Certificate {
  own ??= selfSigned();
  return own;
}

function selfSigned(): Certificate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const algorithm = der(SEQUENCE, der(OBJECT_IDENTIFIER, ECDSA_WITH_SHA256));
  const commonName = der(
    SEQUENCE,
    der(OBJECT_IDENTIFIER, COMMON_NAME),
    der(UTF8_STRING, Buffer.from(NAME)),
  );
  const name = der(SEQUENCE, der(SET, commonName));
  const validity = der(
    SEQUENCE,
    der(GENERALIZED_TIME, Buffer.from(NOT_BEFORE)),
    der(GENERALIZED_TIME, Buffer.from(NOT_AFTER)),
  );
  // A leading 1 keeps the serial number positive and without redundant zeroes.
  const serial = Buffer.concat([Buffer.of(1), randomBytes(8)]);
  const version3 = der(EXPLICIT_0, der(INTEGER, Buffer.of(2)));
  const body = der(
    SEQUENCE,
    version3,
    der(INTEGER, serial),
    algorithm,
    name,
    validity,
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
  );
  const signature = sign('sha256', body, privateKey);
  const whole = der(SEQUENCE, body, algorithm, bitString(signature));
  const lines = whole.toString('base64').match(/.{1,64}/g) ?? [];
  const pem = `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
  return {
    key: Buffer.from(privateKey.export({ type: 'pkcs8', format: 'pem' })),
    certificate: Buffer.from(pem),
  };
}
