import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunningProgram } from '@6bed4/testing/runningProgram';
import { type Examples, ROUTER } from './examples.js';

/** The name of the router, and of the web server in front of its gateway. */
export const NAME = 'router.example';
const SECRET_FILES = { cert: 'server.pem', key: 'server.key' } as const;

/** A router with a gateway behind nginx, which has a certificate for {@link NAME}. */
export class WebGateway {
  readonly #examples: Examples;
  readonly #etc: string[] = [];

  constructor(examples: Examples) {
    this.#examples = examples;
  }

  /** Environment variables with which programs believe the certificate. */
  get trust(): string {
    return `NODE_EXTRA_CA_CERTS=${this.path(SECRET_FILES.cert)}`;
  }

  /** A file of the lab. */
  path(name: string): string {
    return join(this.#examples.lab.folder, name);
  }

  /** Lets hosts know the name of the router. */
  name(...labels: readonly string[]): void {
    for (const label of labels) {
      const folder = join('/etc/netns', this.#examples.lab.nameOf(label));
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, 'hosts'), `127.0.0.1 localhost\n${ROUTER} ${NAME}\n`);
      this.#etc.push(folder);
    }
  }

  /** Makes a certificate. */
  certify(): void {
    const { cert, key } = SECRET_FILES;
    execFileSync(
      'openssl',
      [
        ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
        ...[
          '-days',
          '2',
          '-subj',
          `/CN=${NAME}`,
          '-addext',
          `subjectAltName=DNS:${NAME},IP:${ROUTER}`,
        ],
        ...['-keyout', this.path(key), '-out', this.path(cert)],
      ],
      { stdio: 'ignore' },
    );
  }

  /** Starts the gateway and waits until it works: nobody's program, unless its status is wanted at a path. */
  gateway(...options: readonly string[]): Promise<RunningProgram> {
    const line = ['6bed4 gateway', `--router ${ROUTER}`, `--public ${ROUTER}`, ...options].join(
      ' ',
    );
    const user = line.includes('--control') ? 'root' : 'nobody';
    return this.#examples.daemon('router', `${line} --verbose`, user);
  }

  /** Starts nginx in front of the gateway; it cuts what is silent for some seconds. */
  async nginx(patience = 60): Promise<RunningProgram> {
    const { lab } = this.#examples;
    const config = this.path('nginx.conf');
    const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
      (name) => `${name}_temp_path ${this.path(name)};`,
    );
    writeFileSync(
      config,
      `daemon off; user root; error_log stderr notice; pid ${this.path('nginx.pid')};
      events {}
      http {
        access_log off; ${paths.join(' ')}
        server {
          listen 443 ssl;
          server_name ${NAME};
          ssl_certificate ${this.path(SECRET_FILES.cert)};
          ssl_certificate_key ${this.path(SECRET_FILES.key)};
          location = /6bed4 {
            proxy_pass http://127.0.0.1:8964;
            proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection upgrade;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_read_timeout ${patience}s;
            proxy_send_timeout ${patience}s;
          }
        }
      }`,
    );
    const nginx = lab.spawn('router', ['nginx', '-e', 'stderr', '-c', config]);
    await nginx.waitForLine(/start worker process /);
    return nginx;
  }

  /** Lets no UDP leave a host, as many networks for guests do, or lets it again. */
  async block(label: string, isBlocked = true): Promise<void> {
    const { lab } = this.#examples;
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
