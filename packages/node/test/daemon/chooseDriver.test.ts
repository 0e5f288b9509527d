import { draft01, reference2020 } from '@6bed4/codec';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { chooseDriver } from '../../src/daemon/chooseDriver.js';
import type { CommonOptions } from '../../src/daemon/options.js';
import { workerFile } from '../../src/drivers/linux/workerFile.js';
import { memoryNetwork } from '../../src/drivers/ports/memoryNetwork.js';

vi.mock('../../src/drivers/linux/workerFile.js', () => ({ workerFile: vi.fn() }));

const HERE = new URL(import.meta.url);
const TUN: CommonOptions = { tun: '6bed4' };
const onLinux = test.skipIf(process.platform !== 'linux');

describe('chooseDriver', () => {
  beforeEach(() => {
    vi.mocked(workerFile).mockReturnValue(HERE);
  });

  test('returns the portable driver where the file of the worker was not bundled', async () => {
    vi.mocked(workerFile).mockReturnValue(new URL('./absent.js', HERE));
    expect(await chooseDriver(TUN, reference2020)).toMatchObject({
      name: 'portable',
      reason: expect.stringMatching(/needs the file .*absent\.js, which is missing$/),
    });
    const insisting = chooseDriver({ ...TUN, driver: 'linux' }, reference2020);
    await expect(insisting).rejects.toMatchObject({ code: 'ENOTSUP' });
  });

  onLinux('returns the Linux driver for a TUN interface', async () => {
    expect(await chooseDriver(TUN, reference2020)).toMatchObject({
      name: 'linux',
      offloads: 'all',
    });
    const some = await chooseDriver({ ...TUN, offloads: 'udp' }, reference2020);
    expect(some).toMatchObject({ name: 'linux', offloads: 'udp' });
  });

  onLinux.each<CommonOptions>([
    {},
    { tun: false, driver: 'linux', offloads: 'udp' },
    { clock: () => 0, random: Math.random },
  ])('returns batches in the thread of the program without TUN: %o', async (options) => {
    const choice = await chooseDriver(options, reference2020);
    expect(choice).toMatchObject({ name: 'embedded', offloads: options.offloads ?? 'all' });
  });

  test('returns the portable driver for a UDP port of another kind', async () => {
    const datagrams = memoryNetwork().bind('192.0.2.2');
    const reason = 'a UDP port of another kind is given';
    expect(await chooseDriver({ datagrams }, reference2020)).toEqual({ name: 'portable', reason });
  });

  describe.each(['bun', 'deno'])('in %s', (runtime) => {
    beforeEach(() => {
      vi.stubGlobal('process', { ...process, versions: { ...process.versions, [runtime]: '1.0' } });
    });
    afterEach(() => void vi.unstubAllGlobals());

    test('returns the portable driver and the reason', async () => {
      const reason = 'the Linux driver needs Node.js';
      expect(await chooseDriver({}, reference2020)).toEqual({ name: 'portable', reason });
    });

    test('throws when batches are wanted', async () => {
      await expect(chooseDriver({ driver: 'linux' }, reference2020)).rejects.toMatchObject({
        code: 'ENOTSUP',
      });
    });
  });

  test('returns the portable driver, without a reason, when that is requested', async () => {
    const choice = await chooseDriver({ ...TUN, driver: 'portable' }, reference2020);
    expect(choice).toEqual({ name: 'portable', reason: null });
  });

  describe.each<[CommonOptions, string]>([
    [{ ...TUN, random: Math.random }, 'random numbers are given'],
    [{ ...TUN, clock: () => 0 }, 'a clock is given'],
    [
      { ...TUN, datagrams: memoryNetwork().bind('192.0.2.1') },
      'a UDP port of another kind is given',
    ],
  ])('with %o', (options, reason) => {
    test('returns the portable driver and the reason', async () => {
      expect(await chooseDriver(options, reference2020)).toEqual({ name: 'portable', reason });
    });

    test('throws when the Linux driver is requested', async () => {
      await expect(chooseDriver({ ...options, driver: 'linux' }, reference2020)).rejects.toThrow(
        `driver: found linux, though ${reason}, expected portable or auto`,
      );
    });
  });

  test('returns the portable driver for an address layout that is not that of the dialect', async () => {
    const profile = { ...reference2020, layout: draft01 };
    expect(await chooseDriver(TUN, profile)).toMatchObject({
      reason: 'an address layout is given',
    });
  });

  test.each([
    [{ driver: 'fast' }, 'driver: found "fast", expected one of auto, linux, portable'],
    [{ offloads: 'some' }, 'offloads: found "some", expected one of none, udp, tun, all'],
  ])('refuses %o', async (options, message) => {
    await expect(chooseDriver(options as CommonOptions, reference2020)).rejects.toThrow(message);
  });
});
