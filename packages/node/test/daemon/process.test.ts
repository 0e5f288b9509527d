import { requireBuild, runModule } from '@6bed4/testing/command';
import { beforeAll, describe, expect, test } from 'vitest';

beforeAll(requireBuild);

const START = `
  import { startPeer, startRouter } from '@6bed4/node';
  const router = await startRouter({ listen: '127.0.0.1', port: 0 });
  const peer = await startPeer({ routers: router.endpoint, listen: '127.0.0.1' });
  await peer.ready;
`;

describe('a program with a router and a peer', () => {
  test('ends by itself once both are closed', async () => {
    const code = `${START} await peer.close(); await router.close(); console.log('closed');`;
    expect(await runModule(code)).toEqual({ code: 0, stdout: 'closed\n', stderr: '' });
  });

  test('ends on process.exit() with both running', async () => {
    expect(await runModule(`${START} process.exit(3);`)).toMatchObject({ code: 3, stderr: '' });
  });

  test('ends after both are disposed of asynchronously', async () => {
    const code = `${START} await peer[Symbol.asyncDispose](); await router[Symbol.asyncDispose]();`;
    expect(await runModule(code)).toEqual({ code: 0, stdout: '', stderr: '' });
  });
});

describe('without a binary of the foreign function library', () => {
  const hooks = `
    export function resolve(name, context, next) {
      if (name === 'koffi') throw new Error('no binary');
      return next(name, context);
    }`;
  const register = `
    import { register } from 'node:module';
    register('data:text/javascript,' + encodeURIComponent(${JSON.stringify(hooks)}));`;
  const flags = [
    '--no-deprecation',
    '--import',
    `data:text/javascript,${encodeURIComponent(register)}`,
  ];

  test('routers and peers work without TUN', async () => {
    const code = `${START} console.log(peer.address); await peer.close(); await router.close();`;
    const { stdout, ...rest } = await runModule(code, ...flags);
    expect(rest).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^fc64:bed:7f00:1:/);
  });

  test.runIf(process.platform === 'linux')('a TUN is refused with a reason', async () => {
    const code = `
      import { startRouter } from '@6bed4/node';
      await startRouter({ listen: '127.0.0.1', port: 0, tun: '6bed4' }).catch((error) => {
        console.log(error.code, error.message);
      });`;
    const { stdout } = await runModule(code, ...flags);
    expect(stdout).toMatch(/^ENOTSUP the library koffi does not work on linux /);
  });
});
