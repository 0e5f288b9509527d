import { requireBuild, runModule } from '@6bed4/testing/command';
import { beforeAll, describe, expect, it } from 'vitest';

beforeAll(requireBuild);

const START = `
  import { startPeer, startRouter } from '@6bed4/node';
  const router = await startRouter({ listen: '127.0.0.1', port: 0 });
  const peer = await startPeer({ routers: router.endpoint, listen: '127.0.0.1' });
  await peer.ready;
`;

describe('a program with a router and a peer', () => {
  it('ends by itself once both are closed', async () => {
    const code = `${START} await peer.close(); await router.close(); console.log('closed');`;
    expect(await runModule(code)).toEqual({ code: 0, stdout: 'closed\n', stderr: '' });
  });

  it('ends when told to, with both running', async () => {
    expect(await runModule(`${START} process.exit(3);`)).toMatchObject({ code: 3, stderr: '' });
  });

  it('can leave closing to the end of a block', async () => {
    const code = `${START} await peer[Symbol.asyncDispose](); await router[Symbol.asyncDispose]();`;
    expect(await runModule(code)).toEqual({ code: 0, stdout: '', stderr: '' });
  });
});

describe('where the foreign function library has no binary', () => {
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

  it('routers and peers work without TUN', async () => {
    const code = `${START} console.log(peer.address); await peer.close(); await router.close();`;
    const { stdout, ...rest } = await runModule(code, ...flags);
    expect(rest).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^fc64:bed:7f00:1:/);
  });

  it.runIf(process.platform === 'linux')('a TUN is refused with a reason', async () => {
    const code = `
      import { startRouter } from '@6bed4/node';
      await startRouter({ listen: '127.0.0.1', port: 0, tun: '6bed4' }).catch((error) => {
        console.log(error.code, error.message);
      });`;
    const { stdout } = await runModule(code, ...flags);
    expect(stdout).toMatch(/^ENOTSUP the library koffi does not work on linux /);
  });
});
