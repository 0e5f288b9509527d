import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import {
  type Driver,
  PORT,
  startPeer,
  startRouter,
  useDriver,
} from '@6bed4/testing/kernel/daemons';
import {
  addNativeHost,
  buildInternet,
  NATIVE_ADDRESS,
  ROUTER_ADDRESS,
} from '@6bed4/testing/kernel/internet';
import type { Lab } from '@6bed4/testing/kernel/lab';
import { ping } from '@6bed4/testing/kernel/ping';
import { program } from '@6bed4/testing/kernel/programs';
import { describeKernel } from '@6bed4/testing/kernel/requirements';
import { Capture, faultsOf } from '@6bed4/testing/kernel/tshark';
import { afterEach, beforeEach, expect, test } from 'vitest';

const BULK = 1_000_000;
const RULES = [
  `tcp:5001-5002=${NATIVE_ADDRESS}`,
  `udp:46000=[${NATIVE_ADDRESS}]:46001`,
  `udp:46010-46011=[${NATIVE_ADDRESS}]:46020`,
  `sctp:7=[${NATIVE_ADDRESS}]:8`,
  `icmp=${NATIVE_ADDRESS}`,
  'tcp:22=:2222',
];
/** Sends so many bytes to everybody who connects. */
const SOURCE =
  'const[,p,n]=process.argv;require("net").createServer((s)=>s.end(Buffer.alloc(+n,"x"))).listen(+p,"::",()=>console.log("listening"))';
/** Prints how many bytes come, and whether all are those. */
const SINK =
  'const[,a,p]=process.argv;let n=0,ok=true;require("net").connect(+p,a).on("data",(d)=>{n+=d.length;ok&&=d.every((b)=>b===120)}).on("close",()=>console.log(n,ok))';
/** Sends from a port that is connected, and prints the error that comes back. */
const REFUSED =
  'const[,a,p]=process.argv;const s=require("dgram").createSocket("udp6");s.on("error",(e)=>{console.log(e.code);process.exit()});' +
  's.connect(+p,a,()=>setInterval(()=>s.send("x"),200));setTimeout(()=>{console.log("silence");process.exit()},8000)';
/** Waits for a datagram, then goes on sending to where it came from, and prints the error that comes back. */
const REPLIES =
  'const{createSocket:c}=require("dgram");const s=c("udp6");s.bind(46001,()=>console.log("listening"));' +
  's.on("message",(m,r)=>s.close(()=>{const t=c("udp6");t.on("error",(e)=>{console.log(e.code);process.exit()});' +
  't.bind(46001,()=>t.connect(r.port,r.address,()=>setInterval(()=>t.send("x"),200)))}))';
const ONCE =
  'const[,a,p]=process.argv;const s=require("dgram").createSocket("udp6");s.send("x",+p,a,()=>s.close())';

const script = (code: string, ...args: readonly (string | number)[]): string[] => [
  process.execPath,
  '-e',
  code,
  ...args.map(String),
];
const sctp = (...args: readonly string[]): string[] => [
  process.execPath,
  fileURLToPath(new URL('./programs/sctpInUdp.mjs', import.meta.url)),
  ...args,
];

describeKernel('a router that masquerades', () => {
  let lab: Lab;
  beforeEach(async () => {
    lab = await buildInternet();
    await addNativeHost(lab);
  });
  afterEach(() => {
    useDriver('auto');
    lab.dispose();
  });

  async function serve(label: string, argv: readonly string[]): Promise<() => Promise<unknown>> {
    const server = lab.spawn(label, argv);
    await server.waitForLine(/listening/);
    return () => server.stop();
  }

  async function output(argv: readonly string[]): Promise<string> {
    return (await lab.exec('peer1', argv, { timeout: 60_000 })).stdout.trim();
  }

  /** Frames of a capture that a filter of tshark selects, with all checksums looked at. */
  async function framesOf(file: string, filter: string, ...options: string[]): Promise<string> {
    const checks = ['udp.check_checksum:TRUE', 'tcp.check_checksum:TRUE', 'sctp.checksum:CRC 32c'];
    const words = ['tshark', '-n', '-r', join(lab.folder, file), '-Y', filter, ...options];
    words.push(...checks.flatMap((check) => ['-o', check]));
    return (await lab.exec('router', words, { timeout: 60_000 })).stdout;
  }

  test.each<Driver>(['linux', 'portable'])(
    'rewrites TCP, UDP, SCTP and ICMPv6 there and back, driver %s',
    { timeout: 120_000 },
    async (driver) => {
      const capture = await Capture.start(lab, [PORT]);
      const file = join(lab.folder, 'lan.pcap');
      const words = ['tcpdump', '-n', '-U', '-Z', 'root', '-i', 'lan', '-s', '0', '-w', file];
      const lan = lab.spawn('router', words);
      await lan.waitForLine(/listening on/);
      useDriver(driver);
      const rules = RULES.flatMap((rule) => ['--masquerade', rule]);
      const router = await startRouter(lab, 'router', ...rules);
      expect(router.stdout.join('\n')).toContain(`udp:46000=[${NATIVE_ADDRESS}]:46001`);
      useDriver('auto');
      const { address } = await startPeer(lab, 'peer1', '--peering', 'via-router');
      const there = address.replace(/1$/, '0');

      // The host answers: the router's own answers have 64 hops left.
      expect(await ping(lab, 'peer1', there)).toEqual({ result: 'reply', hopLimit: 62 });
      expect(await ping(lab, 'peer1', ROUTER_ADDRESS)).toEqual({ result: 'reply', hopLimit: 64 });

      const receiver = lab.spawn('native', program('tcpReceiver', 5001));
      await receiver.waitForLine(/listening/);
      const sent = await output(program('tcpSender', there, 5001, BULK));
      expect(JSON.parse(await receiver.waitForLine(/sha256/))).toEqual(JSON.parse(sent));
      await serve('native', script(SOURCE, 5002, BULK));
      expect(await output(script(SINK, there, 5002))).toBe(`${BULK} true`);

      await serve('router', program('tcpAsk', 'answer', 2222));
      expect(await output(program('tcpAsk', there, 22, address))).toBe(
        `${address} ${ROUTER_ADDRESS}`,
      );

      const stopEcho = await serve('native', program('udpEcho', 46001));
      expect(await output(program('udpRequester', there, 46000, 50, 5, 100))).toBe('answered 5');
      // In fragments; the host learns from the first replies that they have to be smaller.
      const large = await output(program('udpRequester', there, 46000, 100, 8, 3000));
      expect(Number(large.split(' ')[1])).toBeGreaterThanOrEqual(5);
      await stopEcho();

      await serve('native', sctp('answer', '8'));
      expect(await output(sctp('ask', there, '7'))).toBe(`${there} 7 true`);

      // Port Unreachable, of the host about what the peer sent, and of the peer about what the host sent.
      expect(await output(script(REFUSED, there, 46011))).toBe('ECONNREFUSED');
      const replies = lab.spawn('native', script(REPLIES));
      await replies.waitForLine(/listening/);
      await output(script(ONCE, there, 46000));
      await replies.waitForLine(/^ECONNREFUSED$/);

      // No rule is for it.
      expect(await output(script(REFUSED, there, 46012))).toBe('ECONNREFUSED');

      const frames = await capture.stop();
      await sleep(100);
      await lan.stop('SIGINT');
      expect(frames.flatMap(faultsOf).slice(0, 10)).toEqual([]);
      // The host's own address shows only in later fragments whose first one was too big for the tunnel.
      const whole = frames.filter(({ checksums }) => checksums.length > 0);
      const shown = whole.flatMap(({ inner }) => [inner?.source, inner?.destination]);
      expect(shown).not.toContain(NATIVE_ADDRESS);
      expect(shown).toContain(there);
      const tunnel = ['-d', `udp.port==${PORT},ipv6`];
      expect(await framesOf('wire.pcap', 'sctp.checksum.status==0', ...tunnel)).toBe('');
      expect(await framesOf('wire.pcap', 'sctp.checksum.status==1', ...tunnel)).not.toBe('');
      // What the kernel forwards coalesced has an unfinished TCP checksum on virtual Ethernet.
      const looked = ['icmpv6', 'udp', 'sctp', ...(driver === 'linux' ? [] : ['tcp'])];
      const wrong = looked.map((name) => `${name}.checksum.status==0`).join('||');
      expect(await framesOf('lan.pcap', `ipv6.dst==${NATIVE_ADDRESS}&&(${wrong})`)).toBe('');
    },
  );

  test('refuses rules that it cannot carry out, and starts nothing', async () => {
    for (const [options, message] of [
      [['--masquerade', 'tcp:22=::1'], /--masquerade: found "tcp:22=\[::1\]", expected a host on/],
      [['--masquerade', 'icmp', '--no-tun'], /--masquerade: found icmp, expected no rules without/],
    ] as const) {
      await expect(startRouter(lab, 'router', ...options)).rejects.toThrow(message);
    }
  });
}, ['tshark', 'tcpdump']);
