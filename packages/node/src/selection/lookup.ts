import dns, { ADDRCONFIG, type LookupAddress, type LookupOptions } from 'node:dns';
import { isIP } from 'node:net';
import { promisify } from 'node:util';
import { nextTick } from '../realTimers.js';
import { type CandidateOptions, selectWithCandidateSources } from './candidateSources.js';

/** Resolves a name to all its addresses of a family (4, 6, or 0 for both), in any order. */
export type Resolve = (
  hostname: string,
  options: { readonly family: 0 | 4 | 6; readonly hints: number },
) => Promise<readonly LookupAddress[]>;

/** Options of {@link createLookup}. */
export interface CreateLookupOptions extends CandidateOptions {
  /** Resolves names; default: the resolver of the system, `dns.lookup`. */
  readonly resolve?: Resolve;
}

/** Receives the result of `dns.lookup`: one address, or with `all` an array of them. */
export type LookupCallback = (
  error: NodeJS.ErrnoException | null,
  address: string | LookupAddress[],
  family?: number,
) => void;

/** A function with the interface of `dns.lookup`. */
export interface LookupFunction {
  (hostname: string, callback: LookupCallback): void;
  (
    hostname: string,
    options: LookupOptions | number | undefined | null,
    callback: LookupCallback,
  ): void;
  /** The same as a promise; also reached through `util.promisify`. */
  readonly promise: {
    (hostname: string, options: LookupOptions & { all: true }): Promise<LookupAddress[]>;
    (hostname: string, options?: LookupOptions | number): Promise<LookupAddress>;
  };
}

// Not a function imported by name: programs replace the property.
const resolveBySystem: Resolve = (hostname, { family, hints }) =>
  promisify(dns.lookup)(hostname, { all: true, family, hints, verbatim: true });

function familyOf(family: LookupOptions['family']): 0 | 4 | 6 {
  if (family === 4 || family === 'IPv4') return 4;
  if (family === 6 || family === 'IPv6') return 6;
  if (family === undefined || family === 0) return 0;
  const error = new TypeError(`family: found ${String(family)}, expected 0, 4 or 6`);
  throw Object.assign(error, { code: 'ERR_INVALID_ARG_VALUE' });
}

/** The error of `dns.lookup` when there is no address. */
function notFound(hostname: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`getaddrinfo ENOTFOUND ${hostname}`), {
    code: 'ENOTFOUND',
    syscall: 'getaddrinfo',
    hostname,
  });
}

/**
 * Makes a function with the interface of `dns.lookup` whose results are in the order of
 * {@link sortAddresses}: pass it as `lookup` to `net.connect`, `http.request`, `dgram.createSocket`.
 *
 * `family`, `hints` and `all` have the meaning that they have to `dns.lookup`, except for `ADDRCONFIG`,
 * which includes the addresses of the tunnel. `order` and `verbatim` take precedence over the order of
 * {@link sortAddresses}.
 */
export function createLookup(options: CreateLookupOptions = {}): LookupFunction {
  const resolve = options.resolve ?? resolveBySystem;

  async function all(hostname: string, requested: LookupOptions): Promise<LookupAddress[]> {
    const family = familyOf(requested.family);
    const literal = isIP(hostname);
    if (literal !== 0) return [{ address: hostname, family: literal }];
    const hasTunnel = (options.tunnel?.addresses.length ?? 0) > 0;
    const hints = (requested.hints ?? 0) & ~(hasTunnel ? ADDRCONFIG : 0);
    const found = [...(await resolve(hostname, { family, hints }))];
    if (found.length === 0) throw notFound(hostname);
    const order = requested.order ?? orderOf(requested.verbatim);
    if (order !== undefined) return inOrder(found, order);
    const pairs = await selectWithCandidateSources(
      found.map(({ address }) => address),
      options,
    );
    return pairs.map(({ destination, family }) => ({ address: destination, family }));
  }

  async function promise(
    hostname: string,
    lookupOptions: LookupOptions | number = {},
  ): Promise<LookupAddress | LookupAddress[]> {
    const requested = typeof lookupOptions === 'number' ? { family: lookupOptions } : lookupOptions;
    const found = await all(hostname, requested);
    return requested.all === true ? found : found[0]!;
  }

  function lookup(
    hostname: string,
    optionsOrCallback: LookupOptions | number | undefined | null | LookupCallback,
    lastArgument?: LookupCallback,
  ): void {
    const callback = typeof optionsOrCallback === 'function' ? optionsOrCallback : lastArgument;
    if (typeof callback !== 'function') {
      const error = new TypeError('callback: expected a function');
      throw Object.assign(error, { code: 'ERR_INVALID_ARG_TYPE' });
    }
    const requested = typeof optionsOrCallback === 'function' ? {} : (optionsOrCallback ?? {});
    promise(hostname, requested).then(
      // In a later turn, so that an exception of the callback does not become a failed look-up.
      (found) =>
        nextTick(() =>
          Array.isArray(found)
            ? callback(null, found)
            : callback(null, found.address, found.family),
        ),
      (error) => nextTick(() => callback(error, '')),
    );
  }

  return Object.assign(lookup, {
    promise: promise as LookupFunction['promise'],
    [promisify.custom]: promise,
  });
}

function orderOf(verbatim: boolean | undefined): 'verbatim' | 'ipv4first' | undefined {
  if (verbatim === undefined) return undefined;
  return verbatim ? 'verbatim' : 'ipv4first';
}

function inOrder(
  found: LookupAddress[],
  order: 'verbatim' | 'ipv4first' | 'ipv6first',
): LookupAddress[] {
  if (order === 'verbatim') return found;
  const first = order === 'ipv4first' ? 4 : 6;
  return found.sort((a, b) => Number(b.family === first) - Number(a.family === first));
}

/** As `dns.lookup`, in the order of {@link sortAddresses} with the addresses of the system. */
export const lookup: LookupFunction = /* @__PURE__ */ createLookup();
