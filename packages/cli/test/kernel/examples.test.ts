import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from '@6bed4/testing/command';
import { addressesOf, interfacesOf, TUN } from '@6bed4/testing/kernel/interfaces';
import { ping, unanswered } from '@6bed4/testing/kernel/ping';
import { program } from '@6bed4/testing/kernel/programs';
import { describeKernel } from '@6bed4/testing/kernel/requirements';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Examples, NATIVE, ROUTER } from './support/examples.js';
import { getsOut, letsIn, letsInByTls, letsInByToken } from './support/gatewayExamples.js';
import { GUIDE_PAGES } from './support/guide.js';
import { drains, findsHealthy, tellsBird } from './support/healthExamples.js';
import { servesLan } from './support/lanExamples.js';
import { printsPaths, printsWhileItRuns, writesTrace } from './support/liveExamples.js';
import { clientsReach, serves } from './support/relayExamples.js';

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url));
const ROUTER_ADDRESS = 'fc64:bed:c000:201:c000:201:64be:8000';
const COMMANDS = [
  ...[[], ['router'], ['gateway'], ['peer'], ['proxy'], ['serve'], ['status'], ['check'], ['ping']],
  ...[
    ['address'],
    ['wireshark-plugin'],
    ['completion'],
    ['check-config'],
    ['monitor'],
    ['health'],
    ['drain'],
    ['capture'],
    ['fleet'],
    ['fleet', 'init'],
  ],
];
/** A peer at 192.0.2.3, port 25202. */
const OTHER = 'fc64:bed:c000:201:c000:203:6272:1';
const ADDRESS = 'fc64:bed:c633:6401:c433:6402:e49e:8001';

type Expectation = (examples: Examples, line: string) => Promise<void>;

/** A line for the router; another host then is its peer. */
const routerWorks: Expectation = async (examples, line) => {
  await examples.daemon('router', line);
  await examples.daemon('laptop', `6bed4 peer --router ${ROUTER}`);
  expect(await unanswered(examples.lab, 'laptop', ROUTER_ADDRESS, 2)).toEqual([]);
};

/** A line for a peer on the laptop. */
const peerWorks: Expectation = async (examples, line) => {
  await examples.daemon('router', `6bed4 router --listen ${ROUTER}`);
  const peer = await examples.daemon('laptop', line);
  const address = await examples.addressOf(peer);
  expect(await addressesOf(examples.lab, 'laptop')).toEqual([`${address}/114`]);
  expect(await unanswered(examples.lab, 'laptop', ROUTER_ADDRESS, 2)).toEqual([]);
  expect(await unanswered(examples.lab, 'router', address, 2)).toEqual([]);
};

const ROUTER_STATUS = /^6bed4.* router, /m;

/** A line that shows the status of a router and what else was started before it. */
const showsStatus =
  (before: string | null, expected: RegExp): Expectation =>
  async (examples, line) => {
    const router = await examples.daemon('router', `6bed4 router --listen ${ROUTER}`);
    if (before !== null) await examples.daemon('laptop', before);
    const printed = await examples.output('router', line);
    expect(printed).toMatch(expected);
    if (expected === ROUTER_STATUS) expect(printed).toContain(String(router.pid));
  };

/** A line that writes a file below the home folder, which has the folder for it. */
function writesAtHome(expected: RegExp): Expectation {
  return async (examples, line) => {
    const file = line.split('> ')[1]!;
    const script = `export HOME=${examples.lab.folder}; mkdir -p ${dirname(file)}; ${line}; cat ${file}`;
    expect(await examples.output('laptop', script)).toMatch(expected);
  };
}

/** What each example does for a user. */
const EXPECTATIONS: Readonly<Record<string, Expectation>> = {
  [`6bed4 router --listen ${ROUTER}`]: routerWorks,
  [`6bed4 router --listen 0.0.0.0 --public ${ROUTER}`]: routerWorks,
  [`6bed4 router --listen ${ROUTER} --route 2000::/3`]: async (examples, line) => {
    await examples.addNative();
    await routerWorks(examples, line);
    expect(await ping(examples.lab, 'laptop', NATIVE)).toMatchObject({ result: 'reply' });
    // From there as well: peers are reached by their addresses.
    const [own] = await addressesOf(examples.lab, 'laptop');
    expect(await ping(examples.lab, 'native', own!.split('/')[0]!)).toMatchObject({
      result: 'reply',
    });
  },
  [`6bed4 router --listen ${ROUTER} --masquerade tcp:22=${NATIVE}`]: async (examples, line) => {
    const { lab } = examples;
    await examples.addNative();
    await examples.daemon('router', line);
    const peer = await examples.daemon('laptop', `6bed4 peer --router ${ROUTER}`);
    const address = await examples.addressOf(peer);
    const server = lab.spawn('native', program('tcpAsk', 'answer', 22));
    await server.waitForLine(/listening/);
    const routerAddress = address.replace(/1$/, '0');
    const { stdout } = await lab.exec('laptop', program('tcpAsk', routerAddress, 22, address));
    expect(stdout).toBe(`${address} ${NATIVE}\n`);
  },
  [`6bed4 router --listen ${ROUTER} --no-tun`]: async (examples, line) => {
    await examples.daemon('router', line, 'nobody');
    await examples.daemon('laptop', `6bed4 peer --router ${ROUTER}`);
    const other = await examples.daemon('other', `6bed4 peer --router ${ROUTER}`);
    const address = await examples.addressOf(other);
    expect(await unanswered(examples.lab, 'laptop', address, 2)).toEqual([]);
    expect(await interfacesOf(examples.lab, 'router')).not.toContain(TUN);
  },
  [`6bed4 router --listen ${ROUTER} --dialect draft01 --prefix 2001:db8:64:64::/64`]: async (
    examples,
    line,
  ) => {
    await examples.daemon('router', line);
    const peer = await examples.daemon('laptop', `6bed4 peer --router ${ROUTER} --dialect draft01`);
    const address = await examples.addressOf(peer);
    expect(address).toMatch(/^2001:db8:64:64:/);
    expect(await unanswered(examples.lab, 'router', address, 2)).toEqual([]);
  },
  [`6bed4 gateway --router ${ROUTER} --public ${ROUTER} --trust-proxy 127.0.0.1`]: letsIn,
  [`6bed4 gateway --router ${ROUTER} --public ${ROUTER} --web 0.0.0.0:443 --cert cert.pem --key key.pem`]:
    letsInByTls,
  [`6bed4 gateway --router ${ROUTER} --public ${ROUTER} --token-file tokens --allow-origin https://lab.example`]:
    letsInByToken,
  [`6bed4 peer --router ${ROUTER}`]: peerWorks,
  '6bed4 peer --router router.example --uplink auto': getsOut,
  '6bed4 health': findsHealthy,
  '6bed4 health --ping 2001:db8::1 --json': findsHealthy,
  "6bed4 health --watch --up 'birdc enable fleet' --down 'birdc disable fleet'": tellsBird,
  '6bed4 drain': drains,
  '6bed4 drain --wait 10': drains,
  '6bed4 drain --resume': drains,
  // While a router answers over UDP, the gateway is not asked.
  [`6bed4 peer --router ${ROUTER} --gateway wss://router.example/6bed4`]: peerWorks,
  [`6bed4 peer --router ${ROUTER} --default-route --keepalive 25,4`]: async (examples, line) => {
    await examples.addNative();
    await peerWorks(examples, line);
    expect(await ping(examples.lab, 'laptop', NATIVE)).toMatchObject({ result: 'reply' });
  },
  [`6bed4 peer --router ${ROUTER} --accept-routes 2001:db8:beef::/48`]: async (examples, line) => {
    const { lab } = examples;
    await examples.addNative();
    // Native IPv6 that leads nowhere near the one network.
    await lab.host('provider');
    await lab.link(
      ['laptop', 'eth1', '2001:db8:1::2/64'],
      ['provider', 'eth0', '2001:db8:1::1/64'],
    );
    await lab.ip('laptop', '-6 route add default via 2001:db8:1::1');
    await examples.daemon(
      'router',
      `6bed4 router --listen ${ROUTER} --route 2001:db8:beef::/48 --route 2001:db8::/32`,
    );
    await examples.daemon('laptop', line);
    expect(await ping(lab, 'laptop', NATIVE)).toMatchObject({ result: 'reply' });
    expect(await lab.ip('laptop', `-6 route get ${NATIVE}`)).toContain(`dev ${TUN}`);
    expect(await lab.ip('laptop', '-6 route get 2001:db8:2::1')).toContain('dev eth1');
    expect(await ping(lab, 'laptop', '2001:db8:1::1')).toMatchObject({ result: 'reply' });
  },
  [`6bed4 peer --router ${ROUTER}:25790 --no-tun`]: async (examples, line) => {
    await examples.daemon('router', `6bed4 router --listen ${ROUTER}`);
    const peer = await examples.daemon('laptop', line, 'nobody');
    const address = await examples.addressOf(peer);
    expect(await interfacesOf(examples.lab, 'laptop')).not.toContain(TUN);
    expect(await unanswered(examples.lab, 'router', address, 2)).toEqual([]);
  },
  [`6bed4 peer --router ${ROUTER} --tun 6bed4b`]: async (examples, line) => {
    const { lab } = examples;
    await peerWorks(examples, `6bed4 peer --router ${ROUTER}`);
    const second = await examples.daemon('laptop', line);
    const address = await examples.addressOf(second);
    expect(await addressesOf(lab, 'laptop', '6bed4b')).toEqual([`${address}/114`]);
    expect(await unanswered(lab, 'router', address, 2)).toEqual([]);
  },
  [`6bed4 peer --router ${ROUTER} --port 40000 --hook /etc/6bed4/lan.sh`]: servesLan,
  [`6bed4 proxy --router ${ROUTER}`]: clientsReach(),
  [`6bed4 proxy --router ${ROUTER} --socks 1080 --http 8080`]: clientsReach({ guide: true }),
  [`6bed4 proxy --router ${ROUTER} --socks 1080 --http 8080 --dns 2001:db8:beef::53`]: clientsReach(
    {
      name: 'native.example',
    },
  ),
  [`6bed4 proxy --router ${ROUTER} --serve 80=127.0.0.1:8000`]: (examples, line) =>
    serves(examples, line, ['80=127.0.0.1:8000']),
  [`6bed4 serve --router ${ROUTER} 80=127.0.0.1:8080`]: (examples, line) =>
    serves(examples, line, ['80=127.0.0.1:8080']),
  [`6bed4 serve --router ${ROUTER} 80=127.0.0.1:8080 22=127.0.0.1:22 udp:5353=127.0.0.1:53`]: (
    examples,
    line,
  ) => serves(examples, line, ['80=127.0.0.1:8080', '22=127.0.0.1:22', 'udp:5353=127.0.0.1:53']),
  '6bed4 status': showsStatus(null, ROUTER_STATUS),
  '6bed4 status 6bed4': showsStatus(null, ROUTER_STATUS),
  '6bed4 status /tmp/peer.sock': showsStatus(
    `6bed4 peer --router ${ROUTER} --no-tun --control /tmp/peer.sock`,
    /^\/tmp\/peer\.sock .*peer, [\s\S]*leased/m,
  ),
  '6bed4 status --watch': printsWhileItRuns(/^ {2}received {4}/, false),
  '6bed4 monitor': printsWhileItRuns(/ watching /),
  '6bed4 monitor --json | jq -c \'select(.event == "path" and .path == "direct")\'': printsPaths(
    /^\{[^\n]*"direction":"inbound","path":"direct"/m,
  ),
  '6bed4 capture - | tshark -r - -d udp.port==25790,ipv6': printsWhileItRuns(/Echo \(ping\) reply/),
  '6bed4 capture --side inner --count 20 trace.pcapng': writesTrace,
  '6bed4 capture --snaplen 128 --duration 5 trace.pcapng 6bed4': writesTrace,
  '6bed4 status --json | jq .counters.drops': showsStatus(null, /^\{/),
  [`6bed4 check --router ${ROUTER}`]: checks(/answers after [\s\S]*6bed4 works here$/m),
  [`6bed4 check --router ${ROUTER} --router 192.0.2.9`]: async (examples, line) => {
    await examples.lab.address('other', 'eth0', '192.0.2.9/24');
    await examples.daemon('other', '6bed4 router --listen 192.0.2.9');
    await checks(/filtering +endpoint-independent \([\s\S]*6bed4 works here$/m)(examples, line);
  },
  [`6bed4 check --router ${ROUTER} --mapping-timeout 60`]: (examples, line) =>
    checks(/^timeout +a mapping without traffic lives for 2 s at least$/m)(
      examples,
      line.replace('60', '2'),
    ),
  [`6bed4 check --router ${ROUTER} --json`]: checks(/^\{"result":"ok",/),
  [`6bed4 ping ${OTHER} --router ${ROUTER}`]: pings(/^5 sent, 5 received, [1-5] of them directly/m),
  [`6bed4 ping ${OTHER} --router ${ROUTER} --until-direct --count 20`]: pings(
    /^reply \d+ {2}\S+ ms {2}direct 192\.0\.2\.3:25202\n\d+ sent/m,
  ),
  '6bed4 completion bash > ~/.local/share/bash-completion/completions/6bed4': writesAtHome(
    /^complete -F _6bed4 6bed4$/m,
  ),
  '6bed4 completion fish > ~/.config/fish/completions/6bed4.fish':
    writesAtHome(/^complete -c 6bed4 /m),
  '6bed4 completion zsh > ~/.zfunc/_6bed4': writesAtHome(/^#compdef 6bed4$/m),
  '6bed4 check-config /etc/6bed4/peer.toml': async (examples, line) => {
    const { folder } = examples.lab;
    writeFileSync(join(folder, 'peer.toml'), `[peer]\nrouter = "${ROUTER}"\n`);
    await prints(/: right for 6bed4 peer$/m)(examples, line.replace('/etc/6bed4', folder));
  },
  '6bed4 fleet init --service 192.0.2.1 --as 64512 --own 198.51.100.11 --upstream 198.51.100.1,64500 --output r1':
    async (examples, line) => {
      const { folder } = examples.lab;
      const script = `cd ${folder} && ${line} && bird -p -c r1/etc/bird/bird.conf && echo right`;
      expect(await examples.output('laptop', script)).toMatch(/^right$/m);
    },
  '6bed4 fleet init --service 192.0.2.1 --prefix 2001:db8:b::/64 --route 2000::/3 --as 64512 --own 198.51.100.11 --own 2001:db8:a::11 --upstream 198.51.100.1,64500 --upstream 198.51.100.2,64500 --upstream 2001:db8:a::1,64500 --upstream 2001:db8:a::2,64500 --dry-run':
    prints(/^protocol bgp upstream6_2 \{$/m),
  '6bed4 wireshark-plugin --install': prints(/6bed4\.lua installed/),
  '6bed4 wireshark-plugin > 6bed4.lua': async (examples, line) => {
    const { folder } = examples.lab;
    expect(await examples.output('laptop', `cd ${folder} && ${line} && cat 6bed4.lua`)).toMatch(
      /Proto\("6bed4"/,
    );
  },
  'tshark -X lua_script:6bed4.lua -i any -f udp -Y 6bed4.direct==1': shows(/direct: Echo/),
  'tshark -i any -f "udp port 25790" -d udp.port==25790,ipv6': shows(/Router Solicitation/),
  [`6bed4 address decode ${ADDRESS}`]: prints(/198\.51\.100\.2:58526/),
  '6bed4 address decode 2001:db8:64:64:50f5:c6ff:fe33:6402 --dialect draft01 --json': prints(
    /"peer":\s*\{"address":"198\.51\.100\.2","port":62802\}/,
  ),
  '6bed4 address encode --prefix fc64:bed:c633:6401::/64 --peer 198.51.100.2:58526 --lanip 1':
    prints(new RegExp(`^${ADDRESS}$`, 'm')),
  '6bed4 address encode --prefix 2001:db8:64:64::/64 --peer 198.51.100.2:62802 --dialect draft01':
    prints(/^2001:db8:64:64:50f5:c6ff:fe33:6402$/m),
};

/** A capture by a line in the folder of the lab, of which it shows datagrams that a peer and a router exchange. */
function shows(expected: RegExp): Expectation {
  return async (examples, line) => {
    const { lab } = examples;
    await examples.output('laptop', `cd ${lab.folder} && 6bed4 wireshark-plugin > 6bed4.lua`);
    const capture = examples.start(
      'laptop',
      line.replace(/^tshark/, `env -C ${lab.folder} tshark -l`),
    );
    await capture.waitForLine(/Capturing on/);
    await examples.daemon('router', `6bed4 router --listen ${ROUTER}`);
    const peer = await examples.daemon('laptop', `6bed4 peer --router ${ROUTER}`);
    const other = await examples.daemon('other', `6bed4 peer --router ${ROUTER}`);
    const address = await examples.addressOf(other);
    expect(await unanswered(lab, 'laptop', address, 3)).toEqual([]);
    await capture.waitForLine(expected);
    await Promise.all([capture.stop(), peer.stop(), other.stop()]);
  };
}

/** A line for the laptop, which needs no privileges. */
function checks(expected: RegExp): Expectation {
  return async (examples, line) => {
    await examples.daemon('router', `6bed4 router --listen ${ROUTER}`);
    expect(await examples.output('laptop', line, 'nobody')).toMatch(expected);
  };
}

/** A line for the laptop that pings another host. */
function pings(expected: RegExp): Expectation {
  return async (examples, line) => {
    await examples.daemon('router', `6bed4 router --listen ${ROUTER}`);
    await examples.daemon('other', `6bed4 peer --router ${ROUTER} --port 25202`);
    expect(await examples.output('laptop', line, 'nobody')).toMatch(expected);
  };
}

function prints(expected: RegExp): Expectation {
  return async (examples, line) => {
    expect(await examples.output('laptop', line)).toMatch(expected);
  };
}

/** Lines of text that are examples of the command; who may run them is said by the text around. */
function examplesIn(text: string): string[] {
  return [...text.matchAll(/^\s*(?:sudo )?((?:6bed4 [a-z]|tshark ).*)$/gm)].map(([, line]) =>
    line!.trim(),
  );
}

/** Lines of fenced blocks of all pages for users, but of those that are run as a whole. */
function examplesInPages(): string[] {
  const folders = ['.', 'docs', 'docs/guides', ...below('packages'), ...below('examples')];
  return folders
    .flatMap((folder) =>
      readdirSync(join(ROOT, folder))
        .filter(
          (name) => name.endsWith('.md') && !(GUIDE_PAGES as readonly string[]).includes(name),
        )
        .map((name) => readFileSync(join(ROOT, folder, name), 'utf8')),
    )
    .flatMap((page) => [...page.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, code]) => code!))
    .flatMap(examplesIn);
}

function below(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join(folder, name));
}

describeKernel('the examples', () => {
  let examples: Examples;
  beforeEach(async () => {
    examples = new Examples();
    await examples.build();
  });
  afterEach(() => examples.lab.dispose());

  test('of --help and the pages are those that are run here', async () => {
    const helps = await Promise.all(COMMANDS.map((words) => run(...words, '--help')));
    const found = [...helps.flatMap(({ stdout }) => examplesIn(stdout)), ...examplesInPages()];
    expect([...new Set(found)].sort()).toEqual(Object.keys(EXPECTATIONS).sort());
  });

  test.each(Object.keys(EXPECTATIONS))('%s', async (line) => {
    await EXPECTATIONS[line]!(examples, line);
  });
}, ['jq', 'curl', 'python3', 'nc', 'ssh', 'sshd', 'ssh-keygen', 'bird']);
