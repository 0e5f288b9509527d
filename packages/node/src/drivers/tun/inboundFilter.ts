import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { StartError } from '../../errors.js';
import { type InboundPolicy, inboundRules, removalRules } from './inboundPolicy.js';

const NFT = 'nft';
/** Where it is, beside the search path of those who are not root. */
const SYSTEM_PATH = '/usr/sbin:/sbin';
/** Sockets of netlink: number, protocol, … */
const NETLINK_SOCKETS = '/proc/net/netlink';
/** The protocol of nftables, which is there once that is loaded or built in. */
const HAS_NETFILTER = /^\S+ +12 /m;
/** Milliseconds; it takes a few. */
const LONGEST = 10_000;

/** The rules of nftables that keep others from the services of this computer, while a daemon runs. */
export class InboundFilter {
  readonly #tun: string;

  private constructor(tun: string) {
    this.#tun = tun;
  }

  /**
   * Sets the rules for an interface, which need not be there yet. With the policy `open`, only those are
   * removed that a killed daemon has left.
   *
   * @returns null where there are none
   * @throws StartError when nftables is missing or refuses them
   */
  static async open(tun: string, policy: InboundPolicy): Promise<InboundFilter | null> {
    if (policy === 'open') {
      // Nothing was left where nftables cannot be used.
      if (mayHaveRules()) await load(removalRules(tun)).catch(() => {});
      return null;
    }
    await load(inboundRules(tun, policy));
    return new InboundFilter(tun);
  }

  /** Takes the rules back. @throws StartError when that is not possible */
  async close(): Promise<void> {
    await load(removalRules(this.#tun));
  }
}

/** Whether the kernel may have rules of nftables. To ask nftables would load it. */
function mayHaveRules(): boolean {
  try {
    return HAS_NETFILTER.test(readFileSync(NETLINK_SOCKETS, 'latin1'));
  } catch {
    return false;
  }
}

function load(rules: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(NFT, ['-f', '-'], {
      stdio: ['pipe', 'ignore', 'pipe'],
      env: { ...process.env, PATH: `${process.env['PATH'] ?? ''}:${SYSTEM_PATH}` },
      timeout: LONGEST,
    });
    const told: Buffer[] = [];
    child.stderr.on('data', (part: Buffer) => told.push(part));
    // The reason comes with the end.
    child.stdin.on('error', () => {});
    child.on('error', (error: NodeJS.ErrnoException) => reject(failure(error.code, error.message)));
    child.on('close', (code, signal) => {
      if (code === 0) return resolve();
      const [line = ''] = Buffer.concat(told).toString().split('\n');
      reject(failure('EPERM', line || `it ended with ${code ?? signal}`));
    });
    child.stdin.end(rules);
  });
}

function failure(code: string | undefined, reason: string): StartError {
  const what = 'the filter of inbound packets cannot be set';
  return code === 'ENOENT'
    ? new StartError('ENOTSUP', `${what}: the program nft is missing (package nftables)`)
    : new StartError(code ?? 'EPERM', `${what}: ${NFT}: ${reason}`);
}
