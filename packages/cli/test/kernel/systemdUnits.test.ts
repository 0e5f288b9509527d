import { readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Lab } from '@6bed4/testing/kernel/lab';
import { describeKernel } from '@6bed4/testing/kernel/requirements';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROUTER } from './support/examples.js';
import { MOUNTED, SystemdHost } from './support/systemdHost.js';
import { configurationWith, makeCertificate, NAME } from './support/webGateway.js';

const UNITS = fileURLToPath(new URL('../../systemd', import.meta.url));
/** Milliseconds in which a unit is in another state, on a slow machine. */
const PATIENCE = 20_000;
const CAP_NET_ADMIN = '0000000000001000';
const NONE = '0000000000000000';
const SECCOMP_FILTER = '2';
/** What makes waiting short: the rest of the units stays as it is. */
const SHORT = `[Unit]
StartLimitIntervalSec=0
[Service]
WatchdogSec=5
RestartSec=100ms
`;

interface Unit {
  readonly unit: string;
  readonly host: 'router' | 'peer';
  readonly file: string;
  readonly config: string;
  /** What systemd says that it does. */
  readonly status: RegExp;
  readonly capabilities: string;
}

const SERVICES: readonly Unit[] = [
  {
    ...{ unit: '6bed4-router@one', host: 'router', file: 'one.toml', capabilities: CAP_NET_ADMIN },
    config: `[router]\nlisten = "${ROUTER}"\ninbound = "established"\n`,
    status: /^router fc64:/,
  },
  {
    ...{ unit: '6bed4-gateway', host: 'router', file: 'gateway.toml', capabilities: NONE },
    config: `[gateway]\nrouter = ["${ROUTER}"]\npublic = "${ROUTER}"\n`,
    status: /^gateway /,
  },
  {
    ...{ unit: '6bed4-peer', host: 'peer', file: 'peer.toml', capabilities: CAP_NET_ADMIN },
    config: `[peer]\nrouter = ["${ROUTER}"]\ninbound = "established"\n`,
    status: /^address fc64:/,
  },
  {
    ...{ unit: '6bed4-proxy', host: 'peer', file: 'proxy.toml', capabilities: NONE },
    config: `[proxy]\nrouter = ["${ROUTER}"]\n`,
    status: /^address fc64:/,
  },
  {
    ...{ unit: '6bed4-serve', host: 'peer', file: 'serve.toml', capabilities: NONE },
    config: `[serve]\nrouter = ["${ROUTER}"]\nservice = ["80=127.0.0.1:8000"]\n`,
    status: /^address fc64:/,
  },
];

describeKernel('the units, under systemd,', () => {
  let lab: Lab;
  const hosts = new Map<string, SystemdHost>();

  beforeAll(async () => {
    lab = new Lab();
    await lab.internet();
    for (const [index, name] of ['router', 'peer'].entries()) {
      await lab.host(name);
      await lab.attach(name, `192.0.2.${index + 1}/24`);
      const host = await SystemdHost.boot(lab, name, `${ROUTER} ${NAME}`);
      hosts.set(name, host);
      await run(
        name,
        `mkdir -p /etc/6bed4
        cp ${MOUNTED}/packages/cli/systemd/* /etc/systemd/system
        sed -i 's#/usr/bin/6bed4#/usr/local/bin/6bed4#' /etc/systemd/system/6bed4-*.service`,
      );
    }
    await writeFile(join(lab.folder, 'short.conf'), SHORT);
    for (const { unit, host, file, config } of SERVICES) {
      await writeFile(join(lab.folder, file), config);
      await writeFile(join(lab.folder, `faulty-${file}`), config.replace('router', 'ruoter'));
      const folder = `/etc/systemd/system/${unit}.service.d`;
      await run(host, `mkdir ${folder}; cp ${lab.folder}/short.conf ${folder}`);
    }
    for (const host of hosts.values()) await host.exec(['systemctl', 'daemon-reload']);
    for (const service of SERVICES) await start(service);
  }, 120_000);
  afterAll(async () => {
    await Promise.all([...hosts.values()].map((host) => host.dispose()));
    lab.dispose();
  });

  const run = (host: string, script: string): Promise<string> => hosts.get(host)!.run(script);

  const start = async ({ unit, host, file }: Unit): Promise<void> => {
    await run(host, `cp ${lab.folder}/${file} /etc/6bed4/${file}`);
    await hosts.get(host)!.start('restart', unit);
  };

  /** What systemd knows of a unit. */
  async function shown({ unit, host }: Unit): Promise<Record<string, string>> {
    const names = 'ActiveState,SubState,StatusText,NRestarts,MainPID,Result,ExecMainStatus';
    const text = await run(host, `systemctl show --property ${names} ${unit}`);
    return Object.fromEntries(
      text
        .trimEnd()
        .split('\n')
        .map((line) => line.split(/=(.*)/s).slice(0, 2)),
    );
  }

  const until = (service: Unit, expected: object): Promise<void> =>
    expect.poll(() => shown(service), { timeout: PATIENCE, interval: 100 }).toMatchObject(expected);

  /** The 6bed4 address that a unit has, once it has one. */
  async function addressOf(name: string): Promise<string> {
    const service = SERVICES.find(({ unit }) => unit === name)!;
    await until(service, { StatusText: expect.stringMatching(service.status) });
    return /fc64:[0-9a-f:]+/.exec((await shown(service))['StatusText']!)![0];
  }

  test('are all of the package', () => {
    const names = SERVICES.map(({ unit }) => `${unit.replace(/@.*/, '@')}.service`);
    expect(readdirSync(UNITS).sort()).toEqual(names.sort());
  });

  test('carry what a program behind the proxy asks of a service', async () => {
    const server = `require('http').createServer((_, answer) => answer.end('hello')).listen(8000, '127.0.0.1', () => console.log('listening'))`;
    await lab.spawn('peer', [process.execPath, '-e', server]).waitForLine(/listening/);
    const address = await addressOf('6bed4-serve');
    const curl = `curl --silent --max-time 20 --socks5-hostname 127.0.0.1:1080 http://[${address}]/`;
    expect(await run('peer', curl)).toBe('hello');
  }, 60_000);

  test('let ping through the interface that a peer has', async () => {
    const address = await addressOf('6bed4-router@one');
    await addressOf('6bed4-peer');
    expect(await run('peer', `ping -6 -c 2 -i 0.2 ${address}`)).toMatch(/ 2 received/);
  }, 60_000);

  // A process that is stopped is ended by the watchdog alone.
  test.each(['STOP', 'KILL'])(
    'are started again after SIG%s',
    async (signal) => {
      await Promise.all(
        SERVICES.map(async (service) => {
          const { unit, host } = service;
          await start(service);
          const { MainPID } = await shown(service);
          await run(host, `systemctl kill --kill-who=main --signal=${signal} ${unit}`);
          const again = { NRestarts: expect.stringMatching(/^[1-9]/), SubState: 'running' };
          await until(service, again);
          expect((await shown(service))['MainPID']).not.toBe(MainPID);
        }),
      );
    },
    60_000,
  );

  describe.each(SERVICES)('$unit', (service) => {
    const { unit, host, file, capabilities, status } = service;

    test('says what it does, as a user of its own with no more than it needs', async () => {
      await until(service, {
        ...{ ActiveState: 'active', SubState: 'running' },
        StatusText: expect.stringMatching(status),
      });
      const { MainPID } = await shown(service);
      const facts = await run(host, `cat /proc/${MainPID}/status`);
      const fact = (name: string) => new RegExp(`^${name}:\\t(\\S+)`, 'm').exec(facts)![1]!;
      expect(Number(fact('Uid'))).toBeGreaterThan(60_000);
      expect([fact('CapEff'), fact('CapBnd'), fact('CapAmb')]).toEqual(Array(3).fill(capabilities));
      expect([fact('NoNewPrivs'), fact('Seccomp')]).toEqual(['1', SECCOMP_FILTER]);
    }, 60_000);

    test('reads its configuration again, and stays', async () => {
      const { MainPID } = await shown(service);
      await run(host, `systemctl reload ${unit}`);
      await until(service, { MainPID, ActiveState: 'active', SubState: 'running' });
    }, 60_000);

    test('is not started again with a faulty configuration, and ends well', async () => {
      await run(host, `cp ${lab.folder}/faulty-${file} /etc/6bed4/${file}`);
      await run(host, `systemctl restart ${unit} && exit 1 || true`);
      await until(service, { ActiveState: 'failed', ExecMainStatus: '2', NRestarts: '0' });
      expect(await run(host, `journalctl --unit ${unit} --lines 5 --output cat`)).toContain(
        'ruoter',
      );
      await start(service);
      await run(host, `systemctl stop ${unit}`);
      expect(await shown(service)).toMatchObject({ ActiveState: 'inactive', Result: 'success' });
      await start(service);
    }, 60_000);
  });

  test('give a gateway its certificate and port 443 as the guide says', async () => {
    await writeFile(join(lab.folder, 'tls.toml'), configurationWith('web = "0.0.0.0:443"'));
    await writeFile(join(lab.folder, 'tls.conf'), configurationWith('LoadCredential='));
    makeCertificate(join(lab.folder, 'fullchain.pem'), join(lab.folder, 'privkey.pem'));
    const live = `/etc/letsencrypt/live/${NAME}`;
    await run(
      'router',
      `mkdir -p ${live}
      chmod 700 /etc/letsencrypt
      cp ${lab.folder}/*.pem ${live}
      cp ${lab.folder}/tls.toml /etc/6bed4/gateway.toml
      cp ${lab.folder}/tls.conf /etc/systemd/system/6bed4-gateway.service.d
      systemctl daemon-reload`,
    );
    await hosts.get('router')!.start('restart', '6bed4-gateway');
    const options = `--router ${ROUTER} --gateway wss://${NAME}/6bed4`;
    const trust = `NODE_EXTRA_CA_CERTS=${lab.folder}/fullchain.pem`;
    const checked = await run('peer', `${trust} 6bed4 check ${options} --json`);
    expect(JSON.parse(checked)).toMatchObject({ gateway: { works: true } });
  }, 60_000);
}, ['curl', 'openssl', 'systemctl']);
