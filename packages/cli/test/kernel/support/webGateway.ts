import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunningProgram } from '@6bed4/testing/runningProgram';
import { Examples, ROUTER } from './examples.js';

/** The name of the router, and of the web server in front of its gateway. */
export const NAME = 'router.example';
const SECRET_FILES = { cert: 'server.pem', key: 'server.key' } as const;
const GUIDE = new URL('../../../../../docs/guides/where-udp-is-blocked.md', import.meta.url);

/** Web servers that may be in front of a gateway, and how to find their configuration in the guide. */
export const webServers = { nginx: 'proxy_pass', caddy: 'reverse_proxy' } as const;

/** A web server that may be in front of a gateway. */
export type WebServer = keyof typeof webServers;

/** A router with a gateway behind a web server, which has a certificate for {@link NAME}. */
export class WebGateway {
  readonly examples: Examples;
  readonly #etc: string[] = [];
  /** The certificate that programs have to believe. */
  #authority: string;

  constructor(examples: Examples) {
    this.examples = examples;
    this.#authority = this.path(SECRET_FILES.cert);
  }

  /** A lab with a laptop, another host, a router, and what a gateway of that needs. */
  static async build(): Promise<WebGateway> {
    const examples = new Examples();
    await examples.build();
    const web = new WebGateway(examples);
    web.certify();
    web.name('laptop', 'other');
    await examples.daemon('router', `6bed4 router --listen ${ROUTER}`);
    return web;
  }

  /** Starts a peer on the laptop. */
  peer(line: string, control = 'laptop.sock'): RunningProgram {
    return this.examples.start(
      'laptop',
      `env ${this.trust} 6bed4 peer --verbose --control ${this.path(control)} ${line}`,
    );
  }

  /** The status of a daemon that was started with this control socket. */
  async statusAt(label: string, control: string) {
    const line = `6bed4 status --json ${this.path(control)}`;
    return JSON.parse(await this.examples.output(label, line));
  }

  /** Environment variables with which programs believe the certificate. */
  get trust(): string {
    return `NODE_EXTRA_CA_CERTS=${this.#authority}`;
  }

  /** A file of the lab. */
  path(name: string): string {
    return join(this.examples.lab.folder, name);
  }

  /** Lets hosts know the name of the router. */
  name(...labels: readonly string[]): void {
    for (const label of labels) {
      const folder = join('/etc/netns', this.examples.lab.nameOf(label));
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, 'hosts'), `127.0.0.1 localhost\n${ROUTER} ${NAME}\n`);
      this.#etc.push(folder);
    }
  }

  /** Makes a certificate. */
  certify(): void {
    const { cert, key } = SECRET_FILES;
    makeCertificate(this.path(cert), this.path(key));
  }

  /** Starts the gateway and waits until it works: nobody's program, unless its status is wanted at a path. */
  gateway(...options: readonly string[]): Promise<RunningProgram> {
    const line = ['6bed4 gateway', `--router ${ROUTER}`, `--public ${ROUTER}`, ...options].join(
      ' ',
    );
    const user = line.includes('--control') ? 'root' : 'nobody';
    return this.examples.daemon('router', `${line} --verbose`, user);
  }

  /** Starts a web server in front of the gateway, with the configuration of the guide. */
  start(server: WebServer): Promise<RunningProgram> {
    return server === 'nginx' ? this.nginx() : this.#caddy();
  }

  /** Starts nginx; it cuts what is silent for some seconds. */
  async nginx(patience = 60): Promise<RunningProgram> {
    const { lab } = this.examples;
    const config = this.path('nginx.conf');
    const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
      (name) => `${name}_temp_path ${this.path(name)};`,
    );
    const server = configurationWith(webServers.nginx)
      .replace(/\S+fullchain\.pem/, this.path(SECRET_FILES.cert))
      .replace(/\S+privkey\.pem/, this.path(SECRET_FILES.key))
      .replace('proxy_read_timeout 60s', `proxy_read_timeout ${patience}s`);
    writeFileSync(
      config,
      `daemon off; user root; error_log stderr notice; pid ${this.path('nginx.pid')};
      events {}
      http {
        access_log off; ${paths.join(' ')}
        ${server}
      }`,
    );
    const nginx = lab.spawn('router', ['nginx', '-e', 'stderr', '-c', config]);
    await nginx.waitForLine(/start worker process /);
    return nginx;
  }

  /** Starts Caddy, which makes a certificate by an authority of its own. */
  async #caddy(): Promise<RunningProgram> {
    const config = this.path('Caddyfile');
    const storage = this.path('caddy');
    writeFileSync(
      config,
      `{
        admin off
        local_certs
        skip_install_trust
        storage file_system ${storage}
      }
      ${configurationWith(webServers.caddy)}`,
    );
    const line = `caddy run --adapter caddyfile --config ${config}`;
    const caddy = this.examples.start('router', line);
    await caddy.waitForLine(/certificate obtained successfully/);
    this.#authority = join(storage, 'pki/authorities/local/root.crt');
    return caddy;
  }

  /** Lets no UDP leave a host, as many networks for guests do, or lets it again. */
  async block(label: string, isBlocked = true): Promise<void> {
    const { lab } = this.examples;
    if (isBlocked) {
      await lab.nft(
        label,
        `table ip blocked {
          chain output { type filter hook output priority filter; oifname "eth0" ip protocol udp drop; }
        }`,
      );
    } else await lab.exec(label, ['nft', 'delete table ip blocked']);
  }

  dispose(): void {
    for (const folder of this.#etc) rmSync(folder, { recursive: true, force: true });
  }
}

/** Makes a certificate for {@link NAME} and {@link ROUTER} that signs itself, and its key, both PEM. */
export function makeCertificate(cert: string, key: string): void {
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const names = ['-subj', `/CN=${NAME}`, '-addext', `subjectAltName=DNS:${NAME},IP:${ROUTER}`];
  const files = ['-keyout', key, '-out', cert];
  const args = ['req', '-x509', ...curve, '-days', '2', ...names, ...files];
  execFileSync('openssl', args, { stdio: 'ignore' });
}

/** The configuration of the guide that has a text in it. */
export function configurationWith(part: string): string {
  const blocks = readFileSync(GUIDE, 'utf8').matchAll(/^```conf\n([\s\S]*?)^```$/gm);
  for (const [, text = ''] of blocks) if (text.includes(part)) return text;
  throw new Error(`the guide has no configuration with ${part}`);
}
