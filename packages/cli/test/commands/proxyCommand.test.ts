import { once } from 'node:events';
import { createServer as createWebServer } from 'node:http';
import { connect, createServer } from 'node:net';
import {
  type RunningProgram,
  requireBuild,
  run,
  runIn,
  start,
  startIn,
} from '@6bed4/testing/command';
import { freePort } from '@6bed4/testing/sockets';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Endings, readAll } from '../support/endings.js';

beforeAll(requireBuild);

const endings = new Endings();
afterEach(() => endings.run());

function launched(program: RunningProgram): RunningProgram {
  endings.add(() => program.stop('SIGKILL'));
  return program;
}

/** A router of this computer; its endpoint. */
async function router(): Promise<string> {
  const port = await freePort();
  const options = ['--listen', '127.0.0.1', '--no-tun', '--no-control', '--port', String(port)];
  await launched(start('router', ...options)).waitForLine(/ready/);
  return `127.0.0.1:${port}`;
}

describe('wrong arguments of 6bed4 proxy and serve', () => {
  test.each([
    [['proxy'], /^6bed4 proxy: missing --router/],
    [['serve', '80=127.0.0.1:8080'], /^6bed4 serve: missing --router/],
    [['serve', '--router', '192.0.2.1'], /missing SERVICE: give what to publish/],
    [['serve', '--router', '192.0.2.1', '80'], /^6bed4 serve: SERVICE: found "80", expected PORT=/],
    [['proxy', '--socks', 'x'], /--socks: found "x", expected A\.B\.C\.D:PORT/],
    [['proxy', '--dns', '192.0.2.1'], /--dns: found "192\.0\.2\.1", expected an IPv6 address/],
    [['proxy', '--socks', '0.0.0.0:1080'], /0\.0\.0\.0:1080 is open to other .* --allow-remote/],
    [
      ['proxy', '--http', '[::]:1', '--allow-remote'],
      /--allow-remote needs users: give --auth-file/,
    ],
    [['proxy', '--serve', '80=localhost:1080'], /80=localhost:1080 would let everybody use/],
    [
      ['proxy', '--serve', '80=any.LOCALHOST.:1080'],
      /80=any\.LOCALHOST\.:1080 would let everybody/,
    ],
    [['proxy', '--serve', '80=[::1]:1080'], /80=\[::1\]:1080 would let everybody use/],
    [['proxy', '--max-connections', '0'], /--max-connections: found "0"/],
  ])('%j are refused with exit code 2', async (args, message) => {
    const { code, stdout, stderr } = await run(...args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(message);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });

  test('a file of users that cannot be read is a failure to start', async () => {
    const { code, stderr } = await run('proxy', '--router', '192.0.2.1', '--auth-file', '/none');
    expect([code, stderr]).toEqual([1, '6bed4 proxy: the users in /none cannot be read: ENOENT\n']);
  });
});

// Windows has no signals: there a daemon is ended by force.
describe.runIf(process.platform !== 'win32')('a proxy and a service', () => {
  test('that cannot listen say where, why and what to do', async () => {
    const port = await freePort();
    const server = createServer().listen(port, '127.0.0.1');
    endings.add(() => server.close());
    await once(server, 'listening');
    const options = ['--router', '127.0.0.1', '--no-control', '--socks', String(port)];
    const { code, stderr } = await run('proxy', ...options);
    expect([code, stderr]).toEqual([
      1,
      `6bed4 proxy: cannot listen on 127.0.0.1:${port} for socks: another program listens there; ` +
        'choose another with --socks ADDRESS:PORT\n',
    ]);
    const twice = ['80=127.0.0.1:1', '80=127.0.0.1:2'];
    const second = await run('serve', '--router', '127.0.0.1', '--no-control', ...twice);
    expect([second.code, second.stderr]).toEqual([
      1,
      '6bed4 serve: 80=127.0.0.1:2 cannot be served: another service has the same port; give each its own\n',
    ]);
  });

  test('reach each other through a tunnel, tell it, and end within a second of SIGTERM', async () => {
    const web = createWebServer((_, response) => response.end('a page')).listen(0, '127.0.0.1');
    endings.add(() => web.close());
    await once(web, 'listening');
    const { port: local } = web.address() as { port: number };
    const at = await router();
    const served = ['serve', '--router', at, '--no-control', `80=127.0.0.1:${local}`];
    const serve = launched(start(...served));
    const address = /peer (\S+)\//.exec(await serve.waitForLine(/^ready/))![1]!;
    const port = await freePort();
    const control = `/tmp/6bed4-proxy-${process.pid}.sock`;
    const options = ['--router', at, '--control', control, '--http', String(port), '--verbose'];
    const proxy = launched(startIn({ SIXBED4_PROXY_AUTH: 'a:b' }, 'proxy', ...options));
    expect(await proxy.waitForLine(/^ready/)).toContain(`http 127.0.0.1:${port}`);
    const ask = async (authorization: string): Promise<string> => {
      const client = connect(port, '127.0.0.1');
      const head = `GET http://[${address}]/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n`;
      client.write(`${head}${authorization}\r\n`);
      return String((await readAll(client)).bytes);
    };
    const basic = Buffer.from('a:b').toString('base64');
    expect(await ask(`Proxy-Authorization: Basic ${basic}\r\n`)).toMatch(/ 200 [\s\S]*a page/);
    expect(await ask('')).toMatch(/^HTTP\/1\.1 407 /);
    await proxy.waitForLine(/^proxy request .*to http:/);
    const status = JSON.parse((await runIn({}, 'status', '--json', control)).stdout);
    expect(status).toMatchObject({
      role: 'proxy',
      capabilities: process.platform === 'linux' ? [] : null,
      proxy: { socks: null, http: { accepted: 2, failed: { authentication: 1 } } },
    });
    // Connections that are open do not hold it up.
    const held = connect(port, '127.0.0.1');
    held.on('error', () => {});
    await once(held, 'connect');
    const begun = performance.now();
    const outcomes = await Promise.all([proxy.stop('SIGTERM'), serve.stop('SIGTERM')]);
    expect(performance.now() - begun).toBeLessThan(1_000);
    expect(outcomes).toEqual([
      { code: 0, signal: null },
      { code: 0, signal: null },
    ]);
    expect([...proxy.stderr, ...serve.stderr]).toEqual([]);
  });

  test('wait for a router that is not there yet, and refuse meanwhile', async () => {
    const [routerPort, port] = [await freePort(), await freePort()];
    const options = [
      '--router',
      `127.0.0.1:${routerPort}`,
      '--no-control',
      '--socks',
      String(port),
    ];
    const proxy = launched(start('proxy', ...options, '--json', '--verbose'));
    await proxy.waitForLine(/asking/);
    const client = connect(port, '127.0.0.1');
    const to = [4, 0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 80];
    client.write(Buffer.of(5, 1, 0, 5, 1, 0, ...to));
    expect((await readAll(client)).bytes[3]).toBe(3);
    expect(JSON.parse(await proxy.waitForLine(/network-unreachable/))).toMatchObject({
      event: 'proxy',
      to: '[2001:db8::1]:80',
      msg: 'proxy network-unreachable',
    });
    const notice = JSON.parse(await proxy.waitForLine(/waiting for an address/, 20_000));
    expect(notice).toMatchObject({ router: `127.0.0.1:${routerPort}`, socks: `127.0.0.1:${port}` });
    const place = ['--listen', '127.0.0.1', '--no-tun', '--no-control', '--port', `${routerPort}`];
    launched(start('router', ...place));
    const ready = JSON.parse(await proxy.waitForLine(/"ready"/, 20_000));
    expect(ready).toMatchObject({ msg: 'ready', socks: `127.0.0.1:${port}`, http: null });
  });
});
