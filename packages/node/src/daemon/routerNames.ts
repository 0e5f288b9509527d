import { lookup } from 'node:dns/promises';
import { inspect } from 'node:util';
import {
  type Endpoint,
  formatEndpoint,
  HIGHEST_PORT,
  InvalidArgumentError,
  parseEndpoint,
} from '@6bed4/codec';
import { realTimers, type Timers } from '../environment/timers.js';
import { NamedRouter, type RouterLookup } from './namedRouter.js';

const PORT = /^[1-9][0-9]{0,4}$/;
const LONGEST_NAME = 253;
/** Labels of a host name (RFC 1123 §2.1), and underscores, which some use. */
const LABEL = /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/i;
const NUMBER = /^[0-9]+$/;
const FIRST_MULTICAST = 224;
const LOOPBACK = 127;
/** Names of this computer itself, which nobody else answers for (RFC 6761 §6.3). */
const LOCALHOST = /^(?:.*\.)?localhost\.?$/i;
/** What a router is expected to be. */
export const EXPECTED_ROUTER = 'A.B.C.D or a host name, perhaps with :port from 1 to 65535';
/** As many as a peer can have. */
const MOST_ROUTERS = 16;
/** Addresses of one name that are tried; each takes seconds. */
const MOST_ADDRESSES = 16;

/** A router as its user names it: by its endpoint, or by a host name. */
export type RouterReference = Endpoint | RouterName;

/** A router by its host name. */
export interface RouterName {
  readonly name: string;
  readonly port: number;
}

/** Finds the IPv4 addresses of a host name; rejects with a `code`, such as ENOTFOUND. */
export type ResolveIPv4 = (name: string) => Promise<readonly string[]>;

/**
 * Parses a router: `A.B.C.D`, `A.B.C.D:port`, `NAME` or `NAME:port`.
 *
 * @throws InvalidArgumentError
 */
export function parseRouterReference(
  router: Endpoint | string,
  defaultPort: number,
  field = 'routers',
): RouterReference {
  if (typeof router !== 'string' && typeof router?.address !== 'string') {
    throw new InvalidArgumentError(field, inspect(router), EXPECTED_ROUTER);
  }
  const text = typeof router === 'string' ? router : formatEndpoint(router);
  const [host = '', port = String(defaultPort), ...rest] = text.split(':');
  const labels = host.replace(/\.$/, '').split('.');
  // The last label of a name is no number, so that no address is one (RFC 3696 §2).
  if (rest.length > 0) {
    const expected = `${EXPECTED_ROUTER}: 6bed4 has no routers with IPv6 addresses`;
    throw new InvalidArgumentError(field, JSON.stringify(text), expected);
  }
  if (NUMBER.test(labels.at(-1)!) || host === '') {
    const endpoint = parseEndpoint(text, defaultPort, field);
    if (endpoint.port !== 0) return endpoint;
    throw new InvalidArgumentError(field, text, 'a port from 1 to 65535');
  }
  const isName = host.length <= LONGEST_NAME && labels.every((label) => LABEL.test(label));
  if (isName && PORT.test(port) && Number(port) <= HIGHEST_PORT) {
    return { name: host, port: Number(port) };
  }
  throw new InvalidArgumentError(field, JSON.stringify(text), EXPECTED_ROUTER);
}

/** The IPv4 addresses of a name as the system knows them. */
export const resolveIPv4: ResolveIPv4 = async (name) => {
  const found = await lookup(name, { family: 4, all: true });
  return found.map(({ address }) => address);
};

/** The peer that {@link RouterNames} work for. */
export interface RouterNamesUser {
  readonly resolve: ResolveIPv4;
  /** Default: those of this platform. */
  readonly timers?: Timers | undefined;
  /**
   * Whether other names than localhost may have addresses of this computer itself. A router there opens 127.0.0.0/8 to the addresses
   * of remotes, which is not for those to decide who answer for a name.
   */
  readonly allowLoopback: boolean;
  /** The routers are others than before. */
  changed(routers: readonly Endpoint[]): void;
  /** A name was looked up, with another result than before. */
  lookedUp(result: RouterLookup): void;
}

/**
 * The routers of a peer in their order of preference, some of them by name. A name stands for one router at a time: the
 * first of its addresses that answers, looked up again when that falls silent.
 */
export class RouterNames {
  readonly #user: RouterNamesUser;
  #references: readonly RouterReference[] = [];
  #routers: readonly (Endpoint | NamedRouter)[] = [];

  constructor(user: RouterNamesUser) {
    this.#user = user;
  }

  /** The routers that were set. */
  get references(): readonly RouterReference[] {
    return this.#references;
  }

  /** The endpoints of all routers that are known at present. */
  get endpoints(): Endpoint[] {
    const found = new Map<string, Endpoint>();
    for (const router of this.#routers) {
      const endpoint = router instanceof NamedRouter ? router.endpoint : router;
      if (endpoint !== null) found.set(formatEndpoint(endpoint), endpoint);
    }
    return [...found.values()];
  }

  /** The last look-up of each name. */
  get lookups(): RouterLookup[] {
    return this.#named().map(({ last }) => last);
  }

  /**
   * Has these routers and no others; names that stay keep what was found. Calls no listener.
   *
   * @param use - called with their endpoints; nothing is changed when it throws
   * @throws InvalidArgumentError when one is there twice, or there are too many; nothing is changed then
   */
  set(
    references: readonly RouterReference[],
    use: (endpoints: readonly Endpoint[]) => void = () => {},
  ): void {
    checkReferences(references);
    const before = this.#named();
    const [referencesBefore, routersBefore] = [this.#references, this.#routers];
    this.#references = references;
    const kept = new Set<NamedRouter>();
    this.#routers = references.map((reference) => {
      if (!('name' in reference)) return reference;
      const known = before.find((one) => !kept.has(one) && one.isFor(reference));
      const router = known ?? this.#newName(reference);
      kept.add(router);
      return router;
    });
    try {
      use(this.endpoints);
    } catch (error) {
      this.#references = referencesBefore;
      this.#routers = routersBefore;
      throw error;
    }
    for (const one of before) if (!kept.has(one)) one.close();
  }

  /** Begins to look up the names that were not yet. */
  start(): void {
    for (const router of this.#named()) router.start();
  }

  /** A router has answered. */
  answered(router: Endpoint): void {
    for (const one of this.#at(router)) one.answered();
  }

  /** A router does not answer. */
  silent(router: Endpoint): void {
    for (const one of this.#at(router)) one.silent();
  }

  close(): void {
    for (const one of this.#named()) one.close();
  }

  #newName({ name, port }: RouterName): NamedRouter {
    const resolve = async (): Promise<string[]> => {
      const allowLoopback = this.#user.allowLoopback || LOCALHOST.test(name);
      const addresses = new Set(await this.#user.resolve(name));
      return [...addresses].filter((one) => isHost(one, allowLoopback)).slice(0, MOST_ADDRESSES);
    };
    return new NamedRouter(name, port, {
      timers: this.#user.timers ?? realTimers,
      resolve,
      changed: () => this.#user.changed(this.endpoints),
      lookedUp: (result) => this.#user.lookedUp(result),
    });
  }

  #named(): NamedRouter[] {
    return this.#routers.filter((one) => one instanceof NamedRouter);
  }

  #at({ address, port }: Endpoint): NamedRouter[] {
    return this.#named().filter(
      ({ endpoint }) => endpoint?.address === address && endpoint.port === port,
    );
  }
}

/** @throws InvalidArgumentError when one is there twice, or there are too many */
export function checkReferences(references: readonly RouterReference[]): void {
  if (references.length > MOST_ROUTERS) {
    const found = String(references.length);
    throw new InvalidArgumentError('routers', found, `${MOST_ROUTERS} at most`);
  }
  const texts = references.map((one) => `${'name' in one ? one.name : one.address}:${one.port}`);
  const repeated = texts.find((text, index) => texts.indexOf(text) !== index);
  if (repeated === undefined) return;
  throw new InvalidArgumentError('routers', repeated, 'a router that is not there already');
}

/** Whether an IPv4 address can be that of one host. */
function isHost(address: string, allowLoopback: boolean): boolean {
  const first = Number.parseInt(address, 10);
  return first > 0 && first < FIRST_MULTICAST && (first !== LOOPBACK || allowLoopback);
}
