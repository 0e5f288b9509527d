import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  X509Certificate,
} from 'node:crypto';
import type { PeerCertificate, SecureContextOptions, TLSSocket } from 'node:tls';
import { InvalidArgumentError } from '@6bed4/codec';
import { formatFingerprint, parseFingerprint } from './fingerprint.js';
import { keyCertificate } from './keyCertificate.js';

/** What both sides of a TLS connection with pinned keys have in their options. */
export interface IdentityOptions extends SecureContextOptions {
  readonly key: string;
  readonly cert: string;
  /** The certificates of the pinned keys, and no others. */
  readonly ca: string[];
  readonly minVersion: 'TLSv1.3';
  readonly maxVersion: 'TLSv1.3';
  readonly rejectUnauthorized: true;
}

/** Options of {@link Identity.clientOptions}, for `tls.connect` and all that passes options on to it. */
export interface ClientIdentityOptions extends IdentityOptions {
  /** Accepts the pinned certificate alone, whatever the name of the host. */
  readonly checkServerIdentity: (host: string, certificate: PeerCertificate) => Error | undefined;
}

/** Options of {@link Identity.serverOptions}, for `tls.createServer` and all that passes options on to it. */
export interface ServerIdentityOptions extends IdentityOptions {
  readonly requestCert: true;
}

/**
 * An Ed25519 key by which the programs at both ends of a TLS connection know each other; made by
 * {@link createIdentity} or {@link loadIdentity}.
 */
export class Identity {
  /**
   * The public key, to be pinned by the other side: 56 characters of base32 in groups of four. In them are
   * its 32 bytes, as many as a hash of it would have, and three that find typing errors.
   */
  readonly fingerprint: string;

  readonly #privateKey: KeyObject;
  readonly #certificate: string;

  /** @internal */
  constructor(privateKey: KeyObject) {
    this.#privateKey = privateKey;
    const publicKey = rawPublicKey(createPublicKey(privateKey))!;
    this.fingerprint = formatFingerprint(publicKey);
    this.#certificate = certificateOf(publicKey);
  }

  /**
   * Options for the side that connects: TLS 1.3 with the one whose fingerprint this is. With anybody else,
   * the connection fails before `secureConnect`, with the code of what OpenSSL found, which is
   * `DEPTH_ZERO_SELF_SIGNED_CERT` for another identity.
   *
   * @throws InvalidArgumentError for anything but a fingerprint
   *
   * @example
   * ```ts
   * const socket = tls.connect({ socket: tunnel.connect(7070, address), ...identity.clientOptions(friend) });
   * ```
   */
  clientOptions(pinned: string): ClientIdentityOptions {
    const certificate = certificateOf(parseFingerprint(pinned));
    return { ...this.#options([certificate]), checkServerIdentity: sameCertificate(certificate) };
  }

  /**
   * Options for the side that accepts: TLS 1.3 with those whose fingerprints these are. Connections of
   * anybody else end without the event `secureConnection`. With an empty list, nobody is accepted;
   * `server.setSecureContext` takes options for another list later.
   *
   * @throws InvalidArgumentError for anything but fingerprints
   */
  serverOptions(pinned: string | Iterable<string>): ServerIdentityOptions {
    const fingerprints = typeof pinned === 'string' ? [pinned] : [...pinned];
    const certificates = fingerprints.map((each) => certificateOf(parseFingerprint(each)));
    return { ...this.#options(certificates), requestCert: true };
  }

  /** The private key in PEM (PKCS #8), which {@link loadIdentity} reads. Whoever has it is this identity. */
  toPem(): string {
    return this.#privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
  }

  #options(trusted: string[]): IdentityOptions {
    return {
      key: this.toPem(),
      cert: this.#certificate,
      ca: trusted,
      minVersion: 'TLSv1.3',
      maxVersion: 'TLSv1.3',
      rejectUnauthorized: true,
    };
  }
}

/** Makes a new identity. */
export function createIdentity(): Identity {
  return new Identity(generateKeyPairSync('ed25519').privateKey);
}

/**
 * Reads what {@link Identity.toPem} has written.
 *
 * @throws InvalidArgumentError for anything but an Ed25519 private key in PEM
 */
export function loadIdentity(pem: string): Identity {
  return new Identity(readPrivateKey(pem));
}

/**
 * The text of a fingerprint as {@link Identity.fingerprint} has it, from text in which case, spaces and
 * hyphens do not matter.
 *
 * @throws InvalidArgumentError for anything else, also for a fingerprint with a typing error
 */
export function normalizeFingerprint(text: string): string {
  return formatFingerprint(parseFingerprint(text));
}

/**
 * The fingerprint of the other side of a TLS connection, on both sides; null if it was not accepted, or has
 * a key of another kind.
 */
export function remoteFingerprint(socket: TLSSocket): string | null {
  const certificate = socket.authorized ? socket.getPeerX509Certificate() : undefined;
  const publicKey = certificate === undefined ? null : rawPublicKey(certificate.publicKey);
  return publicKey === null ? null : formatFingerprint(publicKey);
}

function certificateOf(publicKey: Uint8Array): string {
  return keyCertificate(publicKey, formatFingerprint(publicKey).replaceAll('-', ''));
}

/** The 32 bytes of an Ed25519 key, null for a key of another kind. */
function rawPublicKey(key: KeyObject): Buffer | null {
  if (key.asymmetricKeyType !== 'ed25519') return null;
  return Buffer.from(key.export({ format: 'jwk' }).x!, 'base64url');
}

/** An error must not show any of the text, which may be a key. */
function readPrivateKey(pem: string): KeyObject {
  try {
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch {}
  throw new InvalidArgumentError('pem', 'something else', 'an Ed25519 private key in PEM');
}

/**
 * Names do not matter: any host may have the key. TLS has found the certificate among those of `ca`, of
 * which there is one; this holds also where options are merged with another `ca`.
 */
function sameCertificate(pem: string): ClientIdentityOptions['checkServerIdentity'] {
  const { raw } = new X509Certificate(pem);
  return (_, certificate) => {
    if (raw.equals(certificate.raw)) return undefined;
    const error = new Error('the other side has another key than the pinned one');
    return Object.assign(error, { code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
  };
}
