import {
  ADDRCONFIG,
  type LookupAddress,
  type LookupOptions,
  lookup as systemLookup,
} from 'node:dns';
import { isIP } from 'node:net';
import { promisify } from 'node:util';
import { type CandidateOptions, selectCandidates } from './candidateSources.js';

/** Resolves a name to all its addresses of a family (4, 6, or 0 for both), in any order. */
export type Resolve = (
  hostname: string,
  options: { readonly family: 0 | 4 | 6; readonly hints: number },
) => Promise<readonly LookupAddress[]>;

/** What {@link createLookup} may be told. */
export interface CreateLookupOptions extends CandidateOptions {
  /** Where names are looked up; default: the system's resolver, `dns.lookup`. */
  readonly resolve?: Resolve;
}

/** Takes what `dns.lookup` answers: one address, or with `all` an array of them. */
export type LookupCallback = (
  error: NodeJS.ErrnoException | null,
  address: string | LookupAddress[],
  family?: number,
) => void;

/** A function with the interface of `dns.lookup`, which can be given where that is expected. */
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

const resolveBySystem: Resolve = (hostname, { family, hints }) =>
  promisify(systemLookup)(hostname, { all: true, family, hints, verbatim: true });

function familyOf(family: LookupOptions['family']): 0 | 4 | 6 {
  if (family === 4 || family === 'IPv4') return 4;
  if (family === 6 || family === 'IPv6') return 6;
  if (family === undefined || family === 0) return 0;
  const error = new TypeError(`family: found ${String(family)}, expected 0, 4 or 6`);
  throw Object.assign(error, { code: 'ERR_INVALID_ARG_VALUE' });
}

/** Without addresses, `dns.lookup` fails like this. */
function notFound(hostname: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`getaddrinfo ENOTFOUND ${hostname}`), {
    code: 'ENOTFOUND',
    syscall: 'getaddrinfo',
    hostname,
  });
}

/**
 * Makes a function with the interface of `dns.lookup` whose answers come in the order of
 * {@link sortAddresses}: give it as `lookup` to `net.connect`, `http.request`, `dgram.createSocket`.
 *
 * `family`, `hints` and `all` mean what they mean to `dns.lookup`, but for `ADDRCONFIG`, which counts the
 * addresses of the tunnel too. With `order` or `verbatim` the caller says which order he wants, and
 * gets that.
 */
export function createLookup(options: CreateLookupOptions = {}): LookupFunction {
  const resolve = options.resolve ?? resolveBySystem;

  async function all(hostname: string, wanted: LookupOptions): Promise<LookupAddress[]> {
    const family = familyOf(wanted.family);
    const literal = isIP(hostname);
    if (literal !== 0) return [{ address: hostname, family: literal }];
    const isTunnelled = (options.tunnel?.addresses.length ?? 0) > 0;
    const hints = (wanted.hints ?? 0) & ~(isTunnelled ? ADDRCONFIG : 0);
    const found = [...(await resolve(hostname, { family, hints }))];
    if (found.length === 0) throw notFound(hostname);
    const order = wanted.order ?? orderOf(wanted.verbatim);
    if (order !== undefined) return inOrder(found, order);
    const pairs = await selectCandidates(
      found.map(({ address }) => address),
      options,
    );
    return pairs.map(({ destination, family }) => ({ address: destination, family }));
  }

  async function promise(
    hostname: string,
    given: LookupOptions | number = {},
  ): Promise<LookupAddress | LookupAddress[]> {
    const wanted = typeof given === 'number' ? { family: given } : given;
    const found = await all(hostname, wanted);
    return wanted.all === true ? found : found[0]!;
  }

  function lookup(
    hostname: string,
    given: LookupOptions | number | undefined | null | LookupCallback,
    then?: LookupCallback,
  ): void {
    const callback = typeof given === 'function' ? given : then;
    if (typeof callback !== 'function') {
      const error = new TypeError('callback: expected a function');
      throw Object.assign(error, { code: 'ERR_INVALID_ARG_TYPE' });
    }
    const wanted = typeof given === 'function' ? {} : (given ?? {});
    promise(hostname, wanted).then(
      // What the callback throws is the caller's, not a failed look-up.
      (found) =>
        process.nextTick(() =>
          Array.isArray(found)
            ? callback(null, found)
            : callback(null, found.address, found.family),
        ),
      (error) => process.nextTick(() => callback(error, '')),
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
