import { Random } from '@6bed4/testing/random';
import { describe, expect, test } from 'vitest';
import { heapInUse, Scene } from './scene.js';
import { blind, damaged, displaced, error, type Knowledge, outside } from './strangers.js';

/** A million in all, unless the environment multiplies them: `RUNS=10 npx vitest run hostile`. */
const MULTIPLE = Number(process.env['RUNS'] ?? 1);
const COUNT = 200_000 * MULTIPLE;
const TIME = 10_000;
const PER_MILLISECOND = Math.ceil(COUNT / TIME);
const BURST = 100;
const MEGABYTE = 1 << 20;

const kinds: readonly (readonly [string, (random: Random, known: Knowledge) => Uint8Array])[] = [
  ['of strangers who guess', blind],
  ['that were seen, and sent again with other numbers', displaced],
  ['that are damaged', damaged],
  ['outside the window, of one who sees everything', outside],
  ['that say as ICMPv6 errors what never was', error],
];

describe('hostile segments', () => {
  test.each(kinds)(
    '%s do nothing to connections, cost no memory, and get no more resets than allowed',
    (_, make) => {
      const random = new Random(7);
      const scene = new Scene(4, 60_000, TIME + 1_000);
      const { lab } = scene;
      const before = heapInUse();
      const start = lab.now;
      const attack = (): void => {
        for (let each = 0; each < PER_MILLISECOND; each++) {
          const victim = (each & 1) as 0 | 1;
          scene.attack(victim, make(random, scene.knowledge(victim)));
        }
        if (lab.now < start + TIME) lab.at(lab.now + 1, attack);
      };
      attack();
      lab.run(start + TIME);
      const counts = lab.hosts.map(({ stack }) => stack.connectionCount);
      expect(Math.max(...counts)).toBeLessThanOrEqual(4 + 511);
      expect(heapInUse() - before).toBeLessThan(8 * MEGABYTE);
      const allowed = BURST + (BURST * TIME) / 1_000;
      expect(Math.max(...scene.resets)).toBeLessThanOrEqual(allowed);
      lab.run(lab.now + 120_000);
      expect(scene.programs).toHaveLength(8);
      expect(scene.outcomes()).toEqual(scene.expected());
      lab.run(lab.now + 120_000);
      expect(lab.hosts.map(({ stack }) => stack.connectionCount)).toEqual([0, 0]);
    },
    120_000 * MULTIPLE,
  );
});
