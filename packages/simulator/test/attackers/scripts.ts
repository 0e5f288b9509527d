import { draft00Profile, type Profile } from '@6bed4/codec';
import { fc } from '@fast-check/vitest';
import { vi } from 'vitest';
import { profiles as directProfiles } from '../support/dialects.js';
import { Arena, type ArenaOptions } from './arena.js';
import { type Control, controlOf, faultsIn, type Grants } from './checks.js';
import { buildHostile, type Disguised, disguised } from './hostileMessages.js';

/** A profile for each dialect. */
export const profiles: readonly (readonly [string, Profile])[] = [
  ['draft00', draft00Profile],
  ...directProfiles,
];

/** Where a message goes, and what it is. */
interface Shot {
  readonly from: number;
  readonly to: 'victim' | 'friend' | 'newcomer' | 'router';
  readonly what: Disguised;
}

/** One step of a script: one of its messages, after a while, so many times. */
interface Step {
  readonly wait: number;
  readonly shot: number;
  readonly times: number;
}

/** A few messages, the order in which they are sent, and whether the attacker answers what comes to him. */
export interface Script {
  readonly answers: boolean;
  readonly shots: readonly Shot[];
  readonly steps: readonly Step[];
}

const LONGEST = 40;
/** Scripts of one property, unless the environment multiplies them: `SCRIPTS=10 npx vitest run attackers`. */
const MULTIPLE = Number(process.env['SCRIPTS'] ?? 1);
vi.setConfig({ testTimeout: 120_000 * Math.max(1, MULTIPLE) });

const scripts: fc.Arbitrary<Script> = fc.record({
  answers: fc.boolean(),
  shots: fc.array(
    fc.record({
      from: fc.nat(11),
      to: fc.constantFrom(
        ...(['victim', 'victim', 'victim', 'friend', 'newcomer', 'router'] as const),
      ),
      what: disguised,
    }),
    { minLength: 1, maxLength: 12, size: 'max' },
  ),
  steps: fc.array(
    fc.record({
      wait: fc.constantFrom(0, 0, 1, 10, 50, 300),
      shot: fc.nat(11),
      times: fc.constantFrom(1, 1, 1, 2, 5),
    }),
    { minLength: 5, maxLength: LONGEST, size: 'max' },
  ),
});

/** How an attacker acts in his arena. */
export interface Attacker {
  readonly arena: ArenaOptions;
  /** Sends a datagram from the source with this number. */
  readonly send: (arena: Arena, from: number, to: Shot['to'], bytes: Uint8Array) => void;
  /** Prepares his answers. */
  readonly prepare?: (arena: Arena, script: Script) => void;
  readonly grants: (arena: Arena) => Grants;
}

/** Carries a script out. @returns what it changed and may not */
function perform(attacker: Attacker, script: Script, control: Control): string[] {
  const arena = new Arena(attacker.arena);
  attacker.prepare?.(arena, script);
  arena.run(() => {
    for (const { wait, shot, times } of script.steps) {
      arena.net.run(wait);
      const { from, to, what } = script.shots[shot % script.shots.length]!;
      const bytes = buildHostile(what, arena.names);
      if (bytes === null) continue;
      for (let time = 0; time < times; time++) attacker.send(arena, from, to, bytes);
    }
  });
  return faultsIn(arena, control, attacker.grants(arena));
}

/** Asserts that no script of an attacker changes more than it may; prints seed and script otherwise. */
export function assertHarmless(attacker: Attacker, runs: number): void {
  const quiet = new Arena(attacker.arena);
  attacker.prepare?.(quiet, { shots: [], steps: [], answers: false });
  const control = controlOf(quiet);
  fc.assert(
    fc.property(scripts, (script) => {
      const faults = perform(attacker, script, control);
      if (faults.length === 0) return;
      throw new Error(
        `${faults.slice(0, 8).join('\n')}${faults.length > 8 ? `\n… ${faults.length} in all` : ''}`,
      );
    }),
    { numRuns: runs * MULTIPLE },
  );
}
