import { runInNewContext } from 'node:vm';
import { openTunnel } from '@6bed4/node';
import { describe, expect, test } from 'vitest';
import { simulate } from '../../node/index.js';
import { accessKinds } from '../../src/index.js';
import { openPair, ROUTER } from './support/pair.js';

describe('a run that fails', () => {
  test('shows its seed and time in the message and the stack of the same error', async () => {
    class Mine extends Error {}
    const mine = new Mine('what went wrong');
    const failure = await simulate({ seed: 42 }, async (net) => {
      await net.sleep(1_234);
      throw mine;
    }).catch((error) => error);
    expect(failure).toBe(mine);
    expect(failure.message).toBe('what went wrong\n\nseed 42, 1234 ms of virtual time');
    expect(failure.stack).toContain('seed 42, 1234 ms of virtual time');
    expect(failure.stack).toContain('failures.test');
  });

  test('shows its datagrams when it has a trace', async () => {
    const running = simulate({ trace: true }, async (net) => {
      const { alice, close } = await openPair(net);
      net.nameAddress(alice.address!, 'alice');
      expect(alice.address).toBe('something else');
      await close();
    });
    await expect(running).rejects.toThrow(
      /seed 1, \d+ ms of virtual time\n +ms +router +alice +bob.*RS/s,
    );
  });

  test('shows its seed also where the error comes from another realm', async () => {
    const foreign: Error = runInNewContext(`new Error('foreign')`);
    const running = simulate({ seed: 9 }, () => Promise.reject(foreign));
    expect(await running.catch((error) => error.message)).toMatch(/^foreign\n\nseed 9, 0 ms/);
  });

  test('leaves what is no error and what is frozen as it is', async () => {
    await expect(simulate({}, () => Promise.reject('text'))).rejects.toBe('text');
    const frozen = Object.freeze(new Error('frozen'));
    await expect(simulate({}, () => Promise.reject(frozen))).rejects.toBe(frozen);
  });

  test.each([
    ['a timer', (): void => void setTimeout(() => throwIt(), 10)],
    ['an interval', (): void => void setInterval(() => throwIt(), 10)],
  ])('ends with what %s throws', async (_, start) => {
    const running = simulate({}, async (net) => {
      start();
      await net.sleep(1_000);
    });
    await expect(running).rejects.toThrow(/^thrown\n\nseed 1, 10 ms/);
  });

  test('ends with what an action of the simulation throws', async () => {
    const running = simulate({}, (net) => {
      net.at(20, throwIt);
      return net.sleep(1_000);
    });
    await expect(running).rejects.toThrow(/^thrown\n\nseed 1, 20 ms/);
  });

  test('ends when its limit of virtual time is over', async () => {
    const running = simulate({ limit: 5_000 }, async (net) => {
      await openPair(net);
      await new Promise(() => {});
    });
    await expect(running).rejects.toThrow(
      'the program is not over after 5000 ms of virtual time, the option `limit`',
    );
    await expect(simulate({}, (net) => net.sleep(700_000))).rejects.toThrow('after 600000 ms');
  });

  test('ends when nothing is going to happen', async () => {
    await expect(simulate({}, () => new Promise(() => {}))).rejects.toThrow(
      'the program waits, and nothing is going to happen in the simulation',
    );
  });

  test('ends when timers of 0 ms follow each other without end', async () => {
    const running = simulate({}, (net) => {
      const again = (): void => void net.setTimeout(again, 0);
      again();
      return new Promise(() => {});
    });
    await expect(running).rejects.toThrow(/^timers of 0 ms follow each other without end at 0 ms/);
  });

  test('tells of real timers, which it does not wait for', async () => {
    const running = simulate({ virtualTimers: false }, async (net) => {
      net.at(1, () => {});
      await new Promise((resolve) => setTimeout(resolve, 300));
    });
    await expect(running).rejects.toThrow(/\ntimers of real time that were waiting: [1-9]/);
  });

  function throwIt(): never {
    throw new Error('thrown');
  }
});

describe('a mistake names what is wrong', () => {
  test.each([
    [{ limit: 0 }, 'limit: 0, expected milliseconds above 0'],
    [{ limit: Number.NaN }, 'limit: NaN, expected milliseconds above 0'],
    [{ startTime: new Date('x') }, 'startTime: Invalid Date, expected a Date or milliseconds'],
    [{ coreHops: -1 }, 'coreHops: -1, expected an integer from 0 to 200'],
  ])('%o', async (options, message) => {
    await expect(simulate(options, () => {})).rejects.toThrow(message);
    // Nothing is left behind.
    await simulate({}, () => {});
  });

  test('a program that is none', async () => {
    const none = undefined as unknown as () => void;
    await expect(simulate({}, none)).rejects.toThrow(
      'program: found undefined, expected a function',
    );
  });

  test('a second simulation with virtual timers at the same time', async () => {
    const first = simulate({}, (net) => net.sleep(10));
    await expect(simulate({}, () => {})).rejects.toThrow(
      'a simulation with virtualTimers runs in this process already',
    );
    await simulate({ virtualTimers: false }, () => {});
    await first;
  });

  test('time that is moved by hand while a program runs', async () => {
    await simulate({}, async (net) => {
      for (const move of [
        () => net.run(1),
        () => net.runUntil(() => true, 1),
        () => net.runUntilQuiet(),
      ]) {
        expect(move).toThrow(
          'a program is played, and time goes on by itself: await net.sleep(ms)',
        );
      }
      await expect(net.play(() => {}, { settle: async () => {} })).rejects.toThrow('is played');
    });
  });

  test('an access for routers only, without a router', async () => {
    await simulate({}, (net) => {
      const closed = accessKinds.find(({ name }) => name === 'closed')!;
      expect(() => closed.build(net, 'office')).toThrow(
        'office: make the routers that it permits first',
      );
    });
  });

  test.each([
    [{ clock: () => 0 }, 'clock: found one, expected none beside `environment`'],
    [{ random: () => 0 }, 'random: found one, expected none beside `environment`'],
    [{ datagrams: {} as never }, 'datagrams: found one, expected none beside `environment`'],
    [
      { driver: 'linux' as const },
      'driver: found linux beside `environment`, expected portable or auto',
    ],
    [{ environment: null as never }, 'environment: found null, expected an Environment'],
    [
      { environment: {} as never },
      'environment: found object without now(), expected an Environment',
    ],
  ])('options of @6bed4/node with an environment: %o', async (options, message) => {
    await simulate({}, async (net) => {
      const { environment } = net.host('alice');
      const opening = openTunnel({ routers: ROUTER, environment, ...options });
      await expect(opening).rejects.toThrow(message);
    });
  });
});
