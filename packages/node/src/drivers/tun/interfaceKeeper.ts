import { StartError } from '../../errors.js';
import type { InterfaceReport, MissingPart } from '../interfaceReport.js';
import { EMPTY_PLAN, type InterfacePlan } from '../ports/interfacePlan.js';
import { type InterfacePart, partsOf, preferenceName, presentParts } from './interfaceParts.js';
import type { InterfaceRouting } from './interfaceRouting.js';
import type { NetworkInterface } from './networkInterface.js';
import { RestorationLimits } from './restorationLimits.js';

type Kind = InterfacePart['kind'];

/** Rules first, so that nothing leads into a table that is being emptied. */
const REMOVAL_ORDER: Readonly<Record<Kind, number>> = {
  rule: 0,
  route: 1,
  label: 2,
  address: 3,
  preference: 4,
  link: 5,
};

/** Why a part is not in place. */
export interface Failure {
  readonly kind: Kind;
  readonly error: StartError;
}

/** Compares an interface with its plan, and adds what is missing. */
export class InterfaceKeeper {
  readonly #device: NetworkInterface;
  readonly #routing: InterfaceRouting;
  readonly #now: () => number;
  readonly #limits = new RestorationLimits();
  #parts: readonly InterfacePart[];
  /** Names of the parts of the plan that were in place once. */
  #known = new Set<string>();
  #missing: readonly MissingPart[] = [];
  #restorations = 0;
  /** Whether the kernel has refused rules: the table of the interface must stay empty then. */
  #refusesRules = false;

  /** @param now - milliseconds on a clock that never goes back */
  constructor(device: NetworkInterface, routing: InterfaceRouting, now: () => number) {
    this.#device = device;
    this.#routing = routing;
    this.#now = now;
    this.#parts = partsOf(EMPTY_PLAN, device, routing);
  }

  get report(): InterfaceReport {
    const now = this.#now();
    const names = this.#parts.map(({ name }) => name);
    return {
      name: this.#device.name,
      missing: this.#missing,
      disputed: names.filter((name) => this.#limits.isDisputed(name, now)),
      restorations: this.#restorations,
    };
  }

  /** Removes what another plan does not have; what it has besides is added by {@link compare}. */
  plan(plan: InterfacePlan): StartError[] {
    const parts = partsOf(plan, this.#device, this.#routing);
    const names = new Set(parts.map(({ name }) => name));
    const failures = this.remove(names);
    this.#parts = parts;
    this.#known = new Set([...this.#known].filter((name) => names.has(name)));
    this.#limits.keep(names);
    return failures;
  }

  /** Removes all parts but those of these names and kinds. @returns failures */
  remove(kept: ReadonlySet<string>, keptKinds: readonly Kind[] = []): StartError[] {
    return this.#parts
      .filter(({ kind, name }) => !kept.has(name) && !keptKinds.includes(kind))
      .filter(({ isBehindRules }) => !(isBehindRules && this.#refusesRules))
      .sort((one, other) => REMOVAL_ORDER[one.kind] - REMOVAL_ORDER[other.kind])
      .flatMap((part) => failureOf(() => part.remove()) ?? []);
  }

  /**
   * Adds what is missing, unless it was put back too often.
   *
   * @returns all that is not as it should be
   */
  compare(): Failure[] {
    const present = presentParts(this.#device, this.#routing);
    // The end of the interface is the end of the daemon, which others see to.
    if (this.#device.isGone) return [];
    if (this.#parts.some(({ name }) => !present.has(name))) this.#device.setParameters();
    const hasNative = this.#routing.hasNativeDefault();
    const failures: Failure[] = [];
    const missing: MissingPart[] = [];
    this.#refusesRules = false;
    for (const part of this.#parts) {
      const { name, kind } = part;
      if (part.isBehindRules && this.#refusesRules) continue;
      const isPresent = present.has(name);
      if (part.onlyBesideNative && !hasNative) {
        if (isPresent) failureOf(() => part.remove());
        continue;
      }
      const error = isPresent ? null : this.#add(part);
      // The kernel prefers an address that is new.
      if (kind === 'address' && !isPresent) present.add(preferenceName(name, true));
      if (error === null) this.#known.add(name);
      else missing.push({ part: name, reason: error.message });
      if (kind === 'rule' && error !== null && error.code !== 'EBUSY') this.#refusesRules = true;
      const dispute = this.#limits.isDisputed(name, this.#now()) ? this.#dispute(name) : null;
      const failure = error ?? dispute;
      if (failure !== null && !isRepeated(failure, failures))
        failures.push({ kind, error: failure });
    }
    this.#missing = missing;
    return failures;
  }

  /** @returns the failure, or null */
  #add(part: InterfacePart): StartError | null {
    const { name, kind } = part;
    const now = this.#now();
    if (!this.#limits.allows(name, now)) return this.#dispute(name);
    const failure = failureOf(() => part.add());
    if (failure === null && this.#known.has(name) && kind !== 'preference') {
      this.#restorations++;
      this.#limits.restored(name, now);
    }
    return failure;
  }

  #dispute(name: string): StartError {
    const why = `someone keeps removing from ${this.#device.name}: ${name}; it is put back less often now`;
    return new StartError('EBUSY', why);
  }
}

/** Where IPv6 is disabled, routes fail because addresses do. */
function isRepeated({ code }: StartError, failures: readonly Failure[]): boolean {
  return code === 'EACCES' && failures.some(({ error }) => error.code === code);
}

function failureOf(action: () => void): StartError | null {
  try {
    action();
    return null;
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    return error;
  }
}
