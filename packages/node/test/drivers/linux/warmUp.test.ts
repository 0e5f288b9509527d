import { draft01Profile, draft04Profile, reference2020 } from '@6bed4/codec';
import { Peer, Router } from '@6bed4/tunnel';
import { describe, expect, test, vi } from 'vitest';
import { ReplayLibc } from '../../../src/drivers/linux/replayLibc.js';
import { prepareWarmUp, type WarmUpOptions } from '../../../src/drivers/linux/warmUp.js';
import { FailingLibc } from '../../support/failingLibc.js';
import { FakeRawLibc } from '../../support/fakeRawLibc.js';
import { loopMemory } from '../../support/loopMemories.js';
import { TestClock } from '../../support/testClock.js';

/** All of a warm-up, at once; the number of its pieces. */
function warmUp(options: WarmUpOptions): number {
  const work = prepareWarmUp(options);
  let pieces = 1;
  while (work()) pieces++;
  return pieces;
}

/** Options of the warm-up of a router with all offloads, on a system whose calls fail. */
function optionsOf(
  longSize: 4 | 8,
  { clock, setAhead }: TestClock,
  others: Partial<WarmUpOptions> = {},
): WarmUpOptions {
  const { libc = new ReplayLibc(new FailingLibc(longSize)) } = others;
  return {
    libc,
    memory: loopMemory(libc, 'webassembly'),
    kind: 'router',
    profile: reference2020,
    tunFeatures: { virtioHeader: true, udpSegmentation: true },
    clock,
    setAhead,
    onWake: () => {},
    ...others,
  };
}

describe.each([8, 4] as const)('the warm-up, with pointers of %i bytes', (longSize) => {
  test.each([
    ['router', reference2020, false],
    ['router', reference2020, true],
    ['router', draft01Profile, true],
    ['peer', reference2020, true],
    ['peer', draft04Profile, false],
    ['peer', draft01Profile, true],
  ] as const)(
    'runs the packets of a %s through the loop and drops none',
    (kind, profile, virtioHeader) => {
      const real = new FailingLibc(longSize);
      const Machine = kind === 'peer' ? Peer : Router;
      const machines: (Peer | Router)[] = [];
      const handle = vi.spyOn(Machine.prototype, 'handleDatagram').mockName('handleDatagram');
      const remember = Machine.prototype.handlePacket;
      vi.spyOn(Machine.prototype, 'handlePacket').mockImplementation(function (
        this: Peer | Router,
        ...args
      ) {
        if (!machines.includes(this)) machines.push(this);
        remember.apply(this, args);
      });
      const tunFeatures = { virtioHeader, udpSegmentation: virtioHeader };
      const libc = new ReplayLibc(real);
      warmUp(optionsOf(longSize, new TestClock(0.04), { libc, kind, profile, tunFeatures }));
      expect(handle.mock.calls.length).toBeGreaterThan(2000);
      vi.restoreAllMocks();
      const sums = { packetsDelivered: 0, packetsTaken: 0, datagramsSent: 0 };
      for (const { counters } of machines) {
        const { drops, ...counts } = counters.snapshot();
        // Solicitations come more often than from anyone else, and answers also where nobody has asked.
        const expected = { 'rate-limited': 0, 'nd-unexpected': 0 };
        expect({ ...drops, ...expected }).toEqual(expected);
        for (const name of Object.keys(sums) as (keyof typeof sums)[]) sums[name] += counts[name];
      }
      for (const count of Object.values(sums)) expect(count).toBeGreaterThan(500);
      expect(real.calls).toBeGreaterThan(10_000);
    },
  );

  test('ends in time on a slow computer', () => {
    const time = new TestClock(1);
    warmUp(optionsOf(longSize, time));
    expect(time.now).toBeLessThan(1300);
  });

  test('takes little time at once, and is idle in between', () => {
    const time = new TestClock(0.02);
    const work = prepareWarmUp(optionsOf(longSize, time, { kind: 'peer' }));
    let longest = 0;
    let begin = time.now;
    while (work()) {
      longest = Math.max(longest, time.now - begin);
      time.now += 1000;
      begin = time.now;
    }
    // A piece ends after the turn that is under way.
    expect(longest).toBeLessThan(0.5);
  });

  test('lets those who are woken see the present time', () => {
    const time = new TestClock(0.04);
    const ahead: number[] = [];
    const onWake = (): unknown => ahead.push(time.clock() - time.now);
    warmUp(optionsOf(longSize, time, { kind: 'peer', onWake }));
    expect(ahead.length).toBeGreaterThan(100);
    expect(ahead.filter((each) => each !== 0)).toEqual([]);
  });

  test('returns the results of the system after its end', () => {
    const real = new FakeRawLibc(longSize);
    const libc = new ReplayLibc(real);
    warmUp(optionsOf(longSize, new TestClock(1), { libc }));
    real.toRead.push('EIO');
    expect(libc.read(1, 0, 1)).toBe(-1);
    expect(libc.nameOf(libc.errno())).toBe('EIO');
    real.onWrite = () => 'ENOBUFS';
    expect(libc.write(1, 0, 0)).toBe(-1);
    expect(libc.writev(1, 0, 0)).toBe(-1);
    expect(libc.nameOf(libc.errno())).toBe('ENOBUFS');
    expect(libc.poll(0, 0, 0)).toBe(0);
  });
});
