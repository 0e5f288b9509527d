import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { command } from '@6bed4/testing/kernel/daemons';
import { program } from '@6bed4/testing/kernel/programs';
import { describeKernel } from '@6bed4/testing/kernel/requirements';
import dnsPacket from 'dns-packet';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Examples, NATIVE, ROUTER } from './support/examples.js';

const SERVE = `6bed4 serve --router ${ROUTER} --proxy-protocol 80=127.0.0.1:8080`;
const NAME = 'native.example';
const NAMED = '2001:db8:beef::2';

describeKernel('a proxy and services without any privilege', () => {
  let examples: Examples;
  beforeEach(async () => {
    examples = new Examples();
    await examples.build();
  });
  afterEach(() => examples.lab.dispose());

  test('nginx sees the address of a peer, and sends it a large file whole', async () => {
    const { lab } = examples;
    await examples.daemon('router', `6bed4 router --listen ${ROUTER}`);
    const served = await examples.daemon('laptop', SERVE, 'nobody');
    const address = await examples.addressOf(served);
    const peer = await examples.daemon('other', `6bed4 peer --router ${ROUTER}`);
    const remote = await examples.addressOf(peer);
    await startNginx(examples);
    const curl = ['curl', '--silent', '--show-error', '--max-time', '60'];
    const who = await lab.exec('other', [...curl, `http://[${address}]/who`]);
    expect(who.stdout).toBe(`${remote}\n`);
    const copy = join(lab.folder, 'copy');
    const options = { timeout: 70_000 };
    await lab.exec('other', [...curl, '--output', copy, `http://[${address}]/large`], options);
    await lab.exec('other', ['cmp', copy, join(lab.folder, 'www', 'large')]);
  });

  test('a program asks a native DNS server by UDP ASSOCIATE', async () => {
    const { lab } = examples;
    await examples.addNative();
    await examples.daemon('router', `6bed4 router --listen ${ROUTER} --route 2000::/3`);
    await examples.daemon('laptop', `6bed4 proxy --router ${ROUTER}`, 'nobody');
    await dnsServer(examples, 'native', NATIVE);
    const query = dnsPacket.encode({
      type: 'query',
      id: 4_711,
      questions: [{ type: 'AAAA', name: NAME }],
    });
    const words = program('socksDatagram', 1080, NATIVE, 53, query.toString('hex'));
    const { stdout } = await lab.exec('laptop', words);
    expect(dnsPacket.decode(Buffer.from(stdout.trim(), 'hex'))).toMatchObject({
      id: 4_711,
      type: 'response',
      answers: [{ type: 'AAAA', name: NAME, data: NAMED }],
    });
  });

  test('a peer asks a DNS server that is published, as one of its own', async () => {
    const { lab } = examples;
    await examples.daemon('router', `6bed4 router --listen ${ROUTER}`);
    await dnsServer(examples, 'laptop', '::1');
    const line = `6bed4 serve --router ${ROUTER} udp:5353=[::1]:53`;
    const address = await examples.addressOf(await examples.daemon('laptop', line, 'nobody'));
    await examples.daemon('other', `6bed4 peer --router ${ROUTER}`);
    const script = `
      const resolver = new (require('node:dns').promises.Resolver)();
      resolver.setServers(['[${address}]:5353']);
      resolver.resolve6('${NAME}').then((found) => console.log(found.join()));`;
    const { stdout } = await lab.exec('other', [process.execPath, '-e', script]);
    expect(stdout).toBe(`${NAMED}\n`);
  });

  test('ends and resets go through the proxy and the tunnel, in both directions', async () => {
    const { lab } = examples;
    await examples.addNative();
    await examples.daemon('router', `6bed4 router --listen ${ROUTER} --route 2000::/3`);
    await examples.daemon('laptop', `6bed4 proxy --router ${ROUTER} --http 8080`, 'nobody');
    const server = lab.spawn('native', [process.execPath, pathOf('endingServer'), '7000']);
    await server.waitForLine(/^listening/);
    const said = async (word: string, action: string): Promise<string> => {
      const words = [pathOf('endingClient'), NATIVE, '7000', word, action];
      return (await lab.exec('laptop', [process.execPath, ...words])).stdout;
    };
    expect(await said('hello', 'end')).toBe('you said hello\n');
    expect(await said('reset', 'wait')).toBe('ECONNRESET\n');
    expect(server.stdout).toEqual(['listening']);
    expect(await said('abort', 'abort')).toBe('');
    await server.waitForLine(/^ECONNRESET/);
  });

  test('the proxy does not wait for a resolver that waits, once a signal ends it', async () => {
    const { lab } = examples;
    const folder = join('/etc/netns', lab.nameOf('laptop'));
    mkdirSync(folder, { recursive: true });
    try {
      writeFileSync(join(folder, 'resolv.conf'), 'nameserver 192.0.2.3\n');
      await lab.nft(
        'other',
        'table ip silent { chain input { type filter hook input priority 0; udp dport 53 drop;\n}\n}',
      );
      await examples.daemon('router', `6bed4 router --listen ${ROUTER}`);
      const line = `6bed4 proxy --router ${ROUTER}`;
      const proxy = await examples.daemon('laptop', line, 'nobody');
      const curl = ['curl', '--socks5-hostname', '127.0.0.1:1080', 'http://silent.example/'];
      const client = lab.spawn('laptop', curl);
      await sleep(1_000);
      expect(client.running).toBe(true);
      await proxy.stop('SIGTERM', 2_000);
      expect((await client.outcome()).code).not.toBe(0);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('the processes have no capability, and their connections end with them', async () => {
    const { lab } = examples;
    await examples.daemon('router', `6bed4 router --listen ${ROUTER}`);
    const root = lab.spawn('laptop', command('serve', '--router', ROUTER, '80=127.0.0.1:8080'));
    await root.waitForLine(/^ready/);
    const status = await lab.exec('laptop', ['cat', `/proc/${root.pid}/status`]);
    expect(status.stdout).toMatch(/^CapPrm:\s*0+$/m);
    expect(status.stdout).toMatch(/^CapBnd:\s*0+$/m);
    expect(await root.stop('SIGTERM', 1_000)).toEqual({ code: 0, signal: null });
  });
}, ['curl', 'nginx']);

/** Path of a program in `programs/` beside this file. */
function pathOf(name: string): string {
  return fileURLToPath(new URL(`./programs/${name}.mjs`, import.meta.url));
}

/** Starts a DNS server that knows one name. */
async function dnsServer({ lab }: Examples, label: string, address: string): Promise<void> {
  const server = lab.spawn(label, program('dnsServer', address, NAME, NAMED));
  await server.waitForLine(/^ready/);
}

/** Starts nginx on the laptop, which reads the PROXY protocol as the guide says. */
async function startNginx({ lab }: Examples): Promise<void> {
  const folder = join(lab.folder, 'www');
  mkdirSync(folder);
  await lab.exec('laptop', ['sh', '-c', `head -c 10000000 /dev/urandom > ${folder}/large`]);
  const config = join(lab.folder, 'nginx.conf');
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${join(lab.folder, name)};`,
  );
  writeFileSync(
    config,
    `daemon off; user root; error_log stderr notice; pid ${join(lab.folder, 'nginx.pid')};
    events {}
    http {
      access_log off; ${paths.join(' ')}
      server {
        listen 127.0.0.1:8080 proxy_protocol;
        set_real_ip_from 127.0.0.1;
        real_ip_header proxy_protocol;
        root ${folder};
        location = /who { return 200 "$remote_addr\\n"; }
      }
    }`,
  );
  const nginx = lab.spawn('laptop', ['nginx', '-e', 'stderr', '-c', config]);
  await nginx.waitForLine(/start worker process /);
}
