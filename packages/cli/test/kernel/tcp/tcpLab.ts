import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Lab } from '@6bed4/testing/kernel/lab';
import type { RunningProgram } from '@6bed4/testing/runningProgram';
import { build } from 'esbuild';
import type { EndPlan, EndReport, StackPlan } from './plan.js';
import { SegmentCapture } from './segmentCapture.js';

/* Addresses: that of the stack lies behind the interface, that of the kernel behind a link. */
export const STACK = '2001:db8:1::2';
export const KERNEL = '2001:db8:2::2';
const GATEWAY_TO_STACK = '2001:db8:1::1';
const GATEWAY_TO_KERNEL = '2001:db8:2::1';

/** At the end that listens. */
export const PORT = 5_000;
/** The interface of the stack. */
const DEVICE = 'tcp0';
/** What packets pass to be delayed. */
const DELAY_DEVICE = 'delay0';
const DELAY_TABLE = 100;
const QUEUE = 10_000;
const PACKAGES = fileURLToPath(new URL('../../../../', import.meta.url));
const PROGRAMS = fileURLToPath(new URL('./', import.meta.url));

const sourceOf = (name: string): string => join(PACKAGES, name, 'src/index.ts');

/** A plan without what is the same in each. */
type PlanOf<P extends EndPlan> = Omit<P, 'device' | 'local' | 'remote' | 'port'> & {
  readonly port?: number;
};

/** What both ends have told. */
export interface TcpConversation {
  readonly stack: EndReport;
  readonly kernel: EndReport;
}

/**
 * A host `gateway` that has the interface of the stack and forwards, and a host `kernel` behind it, whose
 * own TCP is the other end:
 *
 *     stack ── TUN ── gateway ── veth ── kernel
 */
export class TcpLab {
  readonly lab = new Lab();
  /** The folder of the bundled programs, from which their native library is found. */
  readonly #programs = mkdtempSync(join(PACKAGES, 'cli/node_modules/.tcp-'));

  static async start(): Promise<TcpLab> {
    const made = new TcpLab();
    try {
      await made.#build();
      return made;
    } catch (error) {
      made.dispose();
      throw error;
    }
  }

  /** Drops that part of a thousand packets that are forwarded, in each direction. */
  async lose(permille: number): Promise<void> {
    await this.#spoil(permille, '', 'drop');
  }

  /** Marks that part of a thousand packets that are ECN-capable with CE, in each direction; loses none. */
  async mark(permille: number): Promise<void> {
    await this.#spoil(permille, 'ip6 ecn ect0', 'ip6 ecn set ce');
  }

  /** How many packets were dropped, or marked, since {@link lose} or {@link mark}. */
  async spoiled(): Promise<number> {
    const argv = ['nft', '-j', 'list', 'counter', 'ip6', 'faults', 'spoiled'];
    const { stdout } = await this.lab.exec('gateway', argv);
    return Number(/"packets": (\d+)/.exec(stdout)![1]);
  }

  async #spoil(permille: number, which: string, action: string): Promise<void> {
    const rule = `${which} numgen random mod 1000 < ${permille} counter name spoiled ${action}`;
    await this.lab.nft(
      'gateway',
      `table ip6 faults; delete table ip6 faults; table ip6 faults {
        counter spoiled { }
        chain forward {
          type filter hook forward priority filter;
          ${permille === 0 ? '' : rule}
        }
      }`,
    );
  }

  /** Has the gateway refuse what it forwards with an ICMPv6 error of that name in nftables. */
  async refuse(error: string): Promise<void> {
    await this.lab.nft(
      'gateway',
      `table ip6 refusal {
        chain forward {
          type filter hook forward priority filter;
          iifname "${DEVICE}" reject with icmpv6 ${error}
        }
      }`,
    );
  }

  /** Ends {@link refuse}. */
  async refuseNothing(): Promise<void> {
    await this.lab.nft('gateway', 'delete table ip6 refusal');
  }

  /** Has the gateway forward larger packets than others take: of 1500 bytes on its links, of `mtu` in between. */
  async narrow(mtu: number): Promise<void> {
    await this.lab.ip('gateway', `link set ${DEVICE} mtu 1500`);
    await this.lab.ip('gateway', `-6 route replace ${KERNEL}/128 dev lan mtu lock ${mtu}`);
    await this.lab.ip('gateway', `-6 route replace ${STACK}/128 dev ${DEVICE} mtu lock ${mtu}`);
  }

  /** Sets a parameter `net.ipv4.tcp_*` of the kernel's end, which holds for IPv6 as well. */
  tune(name: string, value: number | string): Promise<void> {
    return this.lab.sysctl('kernel', `net.ipv4.tcp_${name}`, value);
  }

  /** Starts the end with the stack. */
  async stack(plan: PlanOf<StackPlan>): Promise<RunningProgram> {
    const whole: StackPlan = { device: DEVICE, local: STACK, remote: KERNEL, port: PORT, ...plan };
    return await this.#start('gateway', 'stackEnd', whole);
  }

  /** Starts the end with the kernel's TCP. */
  async kernel(plan: PlanOf<EndPlan>): Promise<RunningProgram> {
    return await this.#start('kernel', 'kernelEnd', { remote: STACK, port: PORT, ...plan });
  }

  /** Runs a whole conversation: the end that listens is started first. */
  async converse(
    stack: PlanOf<StackPlan>,
    kernel: PlanOf<EndPlan>,
    timeout = 60_000,
  ): Promise<TcpConversation> {
    const isFirst = stack.role === 'listen';
    const first = isFirst ? await this.stack(stack) : await this.kernel(kernel);
    const second = isFirst ? await this.kernel(kernel) : await this.stack(stack);
    const [stackEnd, kernelEnd] = isFirst ? [first, second] : [second, first];
    try {
      const reports = await Promise.all([
        reportOf(stackEnd, timeout),
        reportOf(kernelEnd, timeout),
      ]);
      return { stack: reports[0], kernel: reports[1] };
    } finally {
      await stackEnd.stop('SIGKILL');
      await kernelEnd.stop('SIGKILL');
    }
  }

  /** Has what comes back from the kernel's end take so many milliseconds. */
  async delay(milliseconds: number): Promise<RunningProgram> {
    const { lab } = this;
    await lab.ip('gateway', `tuntap add dev ${DELAY_DEVICE} mode tun`);
    await lab.ip('gateway', `link set ${DELAY_DEVICE} up txqueuelen ${QUEUE}`);
    await lab.ip('gateway', `-6 route add default dev ${DELAY_DEVICE} table ${DELAY_TABLE}`);
    await lab.ip('gateway', `-6 rule add iif lan lookup ${DELAY_TABLE}`);
    const file = join(this.#programs, 'delayLine.mjs');
    const argv = [process.execPath, file, DELAY_DEVICE, `${milliseconds}`];
    const started = lab.spawn('gateway', argv);
    await started.waitForLine(/^ready/);
    return started;
  }

  /** Captures what passes the interface of the stack. */
  capture(): Promise<SegmentCapture> {
    return SegmentCapture.start(this.lab, 'gateway', DEVICE);
  }

  dispose(): void {
    this.lab.dispose();
    rmSync(this.#programs, { recursive: true, force: true });
  }

  async #build(): Promise<void> {
    const { lab } = this;
    await lab.host('gateway');
    await lab.host('kernel');
    await lab.sysctl('gateway', 'net.ipv6.conf.all.forwarding', 1);
    await lab.link(
      ['gateway', 'lan', `${GATEWAY_TO_KERNEL}/64`],
      ['kernel', 'eth0', `${KERNEL}/64`],
    );
    await lab.ip('kernel', `-6 route add default via ${GATEWAY_TO_KERNEL}`);
    // Loss has to hit single segments.
    await lab.ip('gateway', 'link set lan gso_max_segs 1');
    await lab.ip('kernel', 'link set eth0 gso_max_segs 1');
    await lab.ip('gateway', `tuntap add dev ${DEVICE} mode tun`);
    await lab.ip('gateway', `link set ${DEVICE} mtu 1280 txqueuelen ${QUEUE}`);
    await lab.address('gateway', DEVICE, `${GATEWAY_TO_STACK}/64`);
    await build({
      entryPoints: ['stackEnd', 'kernelEnd', 'delayLine'].map((name) =>
        join(PROGRAMS, `${name}.ts`),
      ),
      outdir: this.#programs,
      outExtension: { '.js': '.mjs' },
      bundle: true,
      format: 'esm',
      platform: 'node',
      target: 'node20',
      external: ['koffi'],
      alias: Object.fromEntries(
        ['codec', 'nd', 'tunnel'].map((name) => [`@6bed4/${name}`, sourceOf(name)]),
      ),
      logLevel: 'error',
    });
  }

  async #start(label: string, name: string, plan: EndPlan): Promise<RunningProgram> {
    const file = join(this.#programs, `${name}.mjs`);
    const started = this.lab.spawn(label, [process.execPath, file, JSON.stringify(plan)]);
    await started.waitForLine(/^ready/);
    return started;
  }
}

async function reportOf(end: RunningProgram, timeout: number): Promise<EndReport> {
  const line = await end.waitForLine(/^report /, timeout);
  return JSON.parse(line.slice('report '.length)) as EndReport;
}
