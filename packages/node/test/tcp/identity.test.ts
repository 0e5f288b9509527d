import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect as connectPlainly } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type ConnectionOptions,
  connect,
  createServer,
  type Server,
  type TLSSocket,
  type TlsOptions,
} from 'node:tls';
import { inspect } from 'node:util';
import { afterEach, describe, expect, test } from 'vitest';
import {
  createIdentity,
  type Identity,
  InvalidArgumentError,
  loadIdentity,
  remoteFingerprint,
} from '../../src/index.js';
import { keyCertificate } from '../../src/tcp/keyCertificate.js';

const [alice, bob, mallory] = [createIdentity(), createIdentity(), createIdentity()];
const OTHER_IDENTITY = { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' };

const closing: { close(): unknown }[] = [];

afterEach(() => {
  for (const each of closing.splice(0)) each.close();
});

interface Accepting {
  readonly server: Server;
  /** What those who were accepted have sent. */
  readonly received: string[];
  /** Fingerprints of those who were accepted. */
  readonly accepted: (string | null)[];
}

async function accepting(options: TlsOptions): Promise<Accepting> {
  const received: string[] = [];
  const accepted: (string | null)[] = [];
  const server = createServer(options, (socket) => {
    accepted.push(remoteFingerprint(socket));
    socket.on('data', (data) => received.push(String(data)));
    socket.on('error', () => undefined);
    socket.end('welcome');
  });
  closing.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, received, accepted };
}

function connecting(server: Server, options: ConnectionOptions): TLSSocket {
  const { port } = server.address() as AddressInfo;
  const socket = connect({ socket: connectPlainly(port, '127.0.0.1'), ...options });
  closing.push({ close: () => socket.destroy() });
  return socket;
}

/** What came until the end, after a message to the other side. */
async function conversation(socket: TLSSocket): Promise<string> {
  await once(socket, 'secureConnect');
  socket.end('hello');
  return Buffer.concat(await socket.toArray()).toString();
}

/** The side that connects may speak before it learns that it was refused (RFC 8446 §2). */
async function expectRefused(socket: TLSSocket, { received, accepted }: Accepting): Promise<void> {
  let heard = '';
  socket.on('data', (data) => {
    heard += data;
  });
  socket.on('error', () => undefined);
  socket.on('secureConnect', () => socket.write('secret'));
  await new Promise((resolve) => socket.once('close', resolve));
  await sleep(20);
  expect({ heard, received, accepted }).toEqual({ heard: '', received: [], accepted: [] });
}

describe('two identities that have pinned each other', () => {
  test('are connected by TLS 1.3, and both know whom with', async () => {
    const { server, received, accepted } = await accepting(bob.serverOptions(alice.fingerprint));
    const socket = connecting(server, alice.clientOptions(bob.fingerprint));
    const whole = conversation(socket);
    await once(socket, 'secureConnect');
    expect(socket.getProtocol()).toBe('TLSv1.3');
    expect(remoteFingerprint(socket)).toBe(bob.fingerprint);
    expect(await whole).toBe('welcome');
    expect(accepted).toEqual([alice.fingerprint]);
    expect(received).toEqual(['hello']);
  });

  test('are connected where the server has pinned several', async () => {
    const pinned = new Set([mallory.fingerprint, alice.fingerprint, bob.fingerprint]);
    const { server, accepted } = await accepting(bob.serverOptions(pinned));
    for (const each of [alice, bob]) {
      expect(await conversation(connecting(server, each.clientOptions(bob.fingerprint)))).toBe(
        'welcome',
      );
    }
    expect(accepted).toEqual([alice.fingerprint, bob.fingerprint]);
  });

  test('know each other again in a resumed session', async () => {
    const { server, accepted } = await accepting(bob.serverOptions(alice.fingerprint));
    const options = alice.clientOptions(bob.fingerprint);
    const first = connecting(server, options);
    const [[session]] = await Promise.all([once(first, 'session'), conversation(first)]);
    const second = connecting(server, { ...options, session });
    const whole = conversation(second);
    await once(second, 'secureConnect');
    expect(second.isSessionReused()).toBe(true);
    await whole;
    expect(accepted).toEqual([alice.fingerprint, alice.fingerprint]);
  });

  test('are connected after one was written to PEM and read again', async () => {
    const again = loadIdentity(alice.toPem());
    expect(again.fingerprint).toBe(alice.fingerprint);
    const { server } = await accepting(bob.serverOptions(alice.fingerprint));
    expect(await conversation(connecting(server, again.clientOptions(bob.fingerprint)))).toBe(
      'welcome',
    );
  });
});

describe('the side that connects', () => {
  test('says which error it is when the other side has another key, before it sends anything', async () => {
    const place = await accepting(mallory.serverOptions(alice.fingerprint));
    const socket = connecting(place.server, alice.clientOptions(bob.fingerprint));
    socket.on('secureConnect', () => socket.write('secret'));
    await expect(once(socket, 'close')).rejects.toMatchObject(OTHER_IDENTITY);
    await sleep(20);
    expect(place.received).toEqual([]);
    expect(remoteFingerprint(socket)).toBe(null);
  });

  test('does so whatever the environment says about unauthorized certificates', async () => {
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
    try {
      const { server } = await accepting(mallory.serverOptions(alice.fingerprint));
      const socket = connecting(server, alice.clientOptions(bob.fingerprint));
      await expect(once(socket, 'secureConnect')).rejects.toMatchObject(OTHER_IDENTITY);
    } finally {
      delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    }
  });

  test('refuses a certificate that has the name of the pinned one and another key', async () => {
    const cert = forged(mallory, bob);
    const { server } = await accepting({ ...mallory.serverOptions(alice.fingerprint), cert });
    const socket = connecting(server, alice.clientOptions(bob.fingerprint));
    await expect(once(socket, 'secureConnect')).rejects.toMatchObject(OTHER_IDENTITY);
  });

  test('refuses the pinned certificate without its key', async () => {
    const { cert } = bob.serverOptions([]);
    const stolen = (): Server => createServer({ ...mallory.serverOptions([]), cert });
    expect(stolen).toThrow('key values mismatch');
  });

  test('refuses a chain in which the pinned certificate is the issuer', async () => {
    const { cert: pinned } = bob.serverOptions([]);
    const { cert } = mallory.serverOptions([]);
    const options = { ...mallory.serverOptions(alice.fingerprint), cert: `${cert}${pinned}` };
    const { server } = await accepting(options);
    const socket = connecting(server, alice.clientOptions(bob.fingerprint));
    await expect(once(socket, 'secureConnect')).rejects.toMatchObject(OTHER_IDENTITY);
  });

  test('refuses another certificate where options were merged with the authority for that', async () => {
    const { server } = await accepting(mallory.serverOptions(alice.fingerprint));
    const { cert: ca } = mallory.serverOptions([]);
    const socket = connecting(server, { ...alice.clientOptions(bob.fingerprint), ca });
    await expect(once(socket, 'secureConnect')).rejects.toMatchObject({
      code: 'ERR_TLS_CERT_ALTNAME_INVALID',
    });
  });

  test('takes no older TLS', async () => {
    const old = { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' } as const;
    const { server } = await accepting({ ...bob.serverOptions(alice.fingerprint), ...old });
    const socket = connecting(server, alice.clientOptions(bob.fingerprint));
    await expect(once(socket, 'secureConnect')).rejects.toMatchObject({
      code: expect.stringContaining('PROTOCOL_VERSION'),
    });
  });
});

describe('the side that accepts', () => {
  test('delivers nothing from another key', async () => {
    const place = await accepting(bob.serverOptions(alice.fingerprint));
    await expectRefused(connecting(place.server, mallory.clientOptions(bob.fingerprint)), place);
  });

  test('delivers nothing from a certificate that has the name of a pinned one', async () => {
    const place = await accepting(bob.serverOptions(alice.fingerprint));
    const cert = forged(mallory, alice);
    const options = { ...mallory.clientOptions(bob.fingerprint), cert };
    await expectRefused(connecting(place.server, options), place);
  });

  test('delivers nothing from who shows no certificate', async () => {
    const place = await accepting(bob.serverOptions(alice.fingerprint));
    const { ca, checkServerIdentity } = mallory.clientOptions(bob.fingerprint);
    await expectRefused(connecting(place.server, { ca, checkServerIdentity }), place);
  });

  test('delivers nothing from anybody if no key is pinned', async () => {
    const place = await accepting(bob.serverOptions([]));
    await expectRefused(connecting(place.server, alice.clientOptions(bob.fingerprint)), place);
  });

  test('takes no older TLS', async () => {
    const place = await accepting(bob.serverOptions(alice.fingerprint));
    const old = { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' } as const;
    const options = { ...alice.clientOptions(bob.fingerprint), ...old };
    await expectRefused(connecting(place.server, options), place);
  });

  test('pins others from now on when its secure context is replaced', async () => {
    const place = await accepting(bob.serverOptions(mallory.fingerprint));
    place.server.setSecureContext(bob.serverOptions(alice.fingerprint));
    const socket = connecting(place.server, alice.clientOptions(bob.fingerprint));
    expect(await conversation(socket)).toBe('welcome');
  });

  test('resumes no session of one that is not pinned any more', async () => {
    const place = await accepting(bob.serverOptions(alice.fingerprint));
    const options = alice.clientOptions(bob.fingerprint);
    const first = connecting(place.server, options);
    const [[session]] = await Promise.all([once(first, 'session'), conversation(first)]);
    place.server.setSecureContext(bob.serverOptions(mallory.fingerprint));
    place.received.length = 0;
    place.accepted.length = 0;
    await expectRefused(connecting(place.server, { ...options, session }), place);
  });
});

describe('an identity', () => {
  test('is new each time', () => {
    expect(createIdentity().fingerprint).not.toBe(createIdentity().fingerprint);
  });

  test('has a certificate that is valid in all times and may not issue others', () => {
    const certificate = new X509Certificate(alice.serverOptions([]).cert);
    expect(new Date(certificate.validFrom)).toEqual(new Date(0));
    expect(new Date(certificate.validTo).getUTCFullYear()).toBe(9999);
    expect(certificate.ca).toBe(false);
    expect(certificate.subject).toBe(`CN=${alice.fingerprint.replaceAll('-', '')}`);
  });

  test('does not show its key where it is printed', () => {
    const shown = inspect(alice, { depth: 9, showHidden: true }) + JSON.stringify(alice);
    expect(shown).toContain(alice.fingerprint);
    expect(shown).not.toContain('PRIVATE');
  });

  test.each([
    ['an RSA key', rsaPem()],
    ['a public key', publicPem()],
    ['no key', 'secret'],
    ['nothing', undefined],
  ])('cannot be read from %s, which the error does not show', (_, text) => {
    const load = (): Identity => loadIdentity(text as string);
    expect(load).toThrow(InvalidArgumentError);
    expect(load).toThrow('pem: found something else, expected an Ed25519 private key in PEM');
  });

  test.each(['', 'abcd', undefined])('pins nothing by %s', (text) => {
    expect(() => alice.clientOptions(text as string)).toThrow(InvalidArgumentError);
    expect(() => alice.serverOptions([text as string])).toThrow(InvalidArgumentError);
  });
});

/** A certificate with the name of one identity and the key of another. */
function forged(key: Identity, name: Identity): string {
  const { cert } = key.serverOptions([]);
  const { x } = new X509Certificate(cert).publicKey.export({ format: 'jwk' });
  return keyCertificate(Buffer.from(x!, 'base64url'), name.fingerprint.replaceAll('-', ''));
}

function rsaPem(): string {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
}

function publicPem(): string {
  const { publicKey } = generateKeyPairSync('ed25519');
  return publicKey.export({ type: 'spki', format: 'pem' }) as string;
}
