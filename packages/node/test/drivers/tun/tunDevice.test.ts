import { describe, expect, test } from 'vitest';
import {
  IFF_MULTI_QUEUE,
  IFF_TUN_EXCL,
  TUNSETIFF,
  TUNSETOFFLOAD,
} from '../../../src/drivers/kernel/constants.js';
import { Tun } from '../../../src/drivers/tun/tunDevice.js';
import { FakeKernel } from '../../support/fakeKernel.js';
import { FakeLibc } from '../../support/fakeLibc.js';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Flags with which the interface was requested, in `struct ifreq`. */
function flagsOf(argument: Uint8Array): number {
  return new DataView(argument.buffer).getUint16(16, true);
}

describe('Tun', () => {
  test('creates an exclusive interface without packet information, and closes it', () => {
    const libc = new FakeLibc();
    const tun = Tun.open(libc, '6bed4');
    expect(tun.created).toBe(true);
    expect(libc.ioctls).toHaveLength(1);
    const [{ request, argument }] = libc.ioctls as [(typeof libc.ioctls)[number]];
    expect(request).toBe(TUNSETIFF);
    expect(new TextDecoder().decode(argument.subarray(0, 6))).toBe('6bed4\0');
    expect(flagsOf(argument)).toBe(0x0001 | 0x1000 | 0x8000);
    tun.close();
    tun.close();
    expect(libc.closed).toEqual([100]);
  });

  test('attaches to an interface that an administrator has prepared', () => {
    const libc = new FakeLibc();
    libc.onIoctl = (_, argument) => ((flagsOf(argument) & IFF_TUN_EXCL) !== 0 ? 'EBUSY' : null);
    expect(Tun.open(libc, 'prepared').created).toBe(false);
    // A killed process may have left offloads.
    expect(libc.ioctlValues).toEqual([{ fd: 100, request: TUNSETOFFLOAD, value: 0 }]);
  });

  test('attaches to one that was prepared with several queues', () => {
    const libc = new FakeLibc();
    libc.onIoctl = (_, argument) => {
      if ((flagsOf(argument) & IFF_TUN_EXCL) !== 0) return 'EBUSY';
      return (flagsOf(argument) & IFF_MULTI_QUEUE) === 0 ? 'EINVAL' : null;
    };
    expect(Tun.open(libc, 'prepared').created).toBe(false);
  });

  test.each(['with', 'without'])('takes no queue of another process: one %s a carrier', (which) => {
    const { libc } = new FakeKernel(7);
    const attached: number[] = [];
    libc.onIoctl = (_, argument) => {
      attached.push(flagsOf(argument));
      return (flagsOf(argument) & IFF_TUN_EXCL) !== 0 ? 'EBUSY' : null;
    };
    if (which === 'without') libc.onRequest = () => 'ENODEV';
    const open = () => Tun.open(libc, 'taken');
    if (which === 'without') expect(open().created).toBe(false);
    else expect(open).toThrow('the interface taken is in use by another process');
    expect(attached).toHaveLength(which === 'without' ? 2 : 1);
  });

  test.each([
    ['ENOENT', 'ENOENT', /^\/dev\/net\/tun is missing: run "modprobe tun" as root, or give/],
    ['ENODEV', 'ENOENT', /^\/dev\/net\/tun is missing/],
    [
      'EACCES',
      'EPERM',
      /^opening \/dev\/net\/tun needs root or CAP_NET_ADMIN: run "chmod 0666 \/dev\/net\/tun"$/,
    ],
    ['EMFILE', 'EMFILE', /^\/dev\/net\/tun cannot be opened: EMFILE$/],
  ])('describes a failure to open the device with %s', (failure, code, message) => {
    const libc = new FakeLibc();
    libc.onOpen = () => failure;
    expect(() => Tun.open(libc, '6bed4')).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) }),
    );
  });

  test.each([
    [
      'EPERM',
      'EPERM',
      /^creating .* needs root or CAP_NET_ADMIN; to prepare it, run "ip tuntap add /,
    ],
    ['EBUSY', 'EBUSY', 'the interface 6bed4 is in use by another process'],
    ['EINVAL', 'EEXIST', '6bed4 is an interface of another kind, not a free TUN'],
    ['ENOMEM', 'ENOMEM', 'the interface 6bed4 cannot be created: ENOMEM'],
  ])(
    'describes a failure to create the interface with %s, and closes the device',
    (failure, code, message) => {
      const libc = new FakeLibc();
      libc.onIoctl = () => failure;
      expect(() => Tun.open(libc, '6bed4')).toThrow(
        expect.objectContaining({ code, message: expect.stringMatching(message) }),
      );
      expect([...libc.closed].sort()).toEqual(failure === 'EBUSY' ? [100, 101] : [100]);
    },
  );

  test.each(['', 'a-name-of-16-chr', 'a b', 'a/b', 'a:b', 'tun%d', '.', '..', 'tün'])(
    'refuses the name %j',
    (name) => {
      expect(() => Tun.open(new FakeLibc(), name)).toThrow(/^tun: found .*, expected a name of/);
    },
  );

  test('reads packets in batches, and lets the event loop continue between them', async () => {
    const libc = new FakeLibc();
    const tun = Tun.open(libc, '6bed4');
    const received: number[] = [];
    tun.start(
      (bytes, offset, length) => {
        expect(length).toBe(2);
        received.push(bytes[offset]!);
      },
      () => {},
    );
    for (let count = 0; count < 100; count++) libc.toRead.push(Uint8Array.of(count, 0));
    libc.toRead.splice(50, 0, 'EINTR');
    const readable = libc.watched.get(100)!;
    readable();
    readable();
    expect(received).toEqual([]);
    await turn();
    expect(received.length).toBeLessThanOrEqual(64);
    readable();
    await turn();
    expect(received).toEqual([...Array(100).keys()]);
    tun.close();
    expect(libc.watched.size).toBe(0);
  });

  test.each(['EAGAIN', 'EIO'])('waits for more packets after %s', async (failure) => {
    const libc = new FakeLibc();
    const received: number[] = [];
    const tun = Tun.open(libc, '6bed4');
    tun.start(
      (bytes) => received.push(bytes[0]!),
      () => expect.fail('is not gone'),
    );
    libc.toRead.push(failure, Uint8Array.of(1));
    libc.watched.get(100)!();
    await turn();
    libc.watched.get(100)!();
    await turn();
    expect(received).toEqual([1]);
  });

  test('reports that someone else removed the interface', async () => {
    const libc = new FakeLibc();
    const tun = Tun.open(libc, '6bed4');
    let isGone = false;
    tun.start(
      () => {},
      () => {
        isGone = true;
      },
    );
    libc.toRead.push('EBADFD');
    libc.watched.get(100)!();
    await turn();
    expect(isGone).toBe(true);
    expect(libc.watched.size).toBe(0);
  });

  test('can be closed by the receiver of a packet', async () => {
    const libc = new FakeLibc();
    const tun = Tun.open(libc, '6bed4');
    let count = 0;
    tun.start(
      () => {
        count++;
        tun.close();
      },
      () => {},
    );
    libc.toRead.push(Uint8Array.of(1), Uint8Array.of(2));
    libc.watched.get(100)!();
    await turn();
    expect(count).toBe(1);
  });

  test.each(['EAGAIN', 'EIO', 'EBADFD', 'EINVAL'])(
    'counts a packet whose write fails with %s',
    (failure) => {
      const libc = new FakeLibc();
      const tun = Tun.open(libc, '6bed4');
      libc.onWrite = () => failure;
      expect(tun.write(Uint8Array.of(1), 0, 1)).toBe(false);
      libc.onWrite = () => null;
      expect(tun.write(Uint8Array.of(9, 2, 3, 9), 1, 2)).toBe(true);
      expect(tun.dropped).toBe(1);
      expect(libc.written).toEqual([[2, 3]]);
      tun.close();
      expect(tun.write(Uint8Array.of(1), 0, 1)).toBe(false);
    },
  );
});
