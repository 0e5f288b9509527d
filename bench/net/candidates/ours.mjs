import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ROUTER } from '../lab.mjs';
import { sleep } from '../sleep.mjs';

const HERE = fileURLToPath(new URL('../../..', import.meta.url));
const COMMAND = 'packages/cli/bin/6bed4.js';
const BUILT = 'packages/cli/dist/cli.js';

const DIRECT_ATTEMPTS = 50;
const DIRECT_POLL_MS = 100;

function helpOf(tree) {
  if (!existsSync(join(tree, BUILT))) return '';
  const argv = [join(tree, COMMAND), 'router', '--help'];
  return execFileSync(process.execPath, argv, { encoding: 'utf8' });
}

/** The options that the command as built does not have, as a line; null for none. */
function missingAmong(options, known) {
  if (known === '') return 'the command is not built';
  const unknown = options.filter((option) => option.startsWith('--') && !known.includes(option));
  return unknown.length === 0 ? null : `the command knows no ${unknown.join(' and no ')}`;
}

class Ours {
  family = 'ours';
  paths = ['relayed', 'direct'];
  #command;
  #flags;

  constructor({ id, title, tree, flags, missing }) {
    this.id = id;
    this.title = title;
    this.missing = missing;
    this.#command = join(tree, COMMAND);
    this.#flags = flags;
  }

  async startRouter(lab, setting) {
    await this.#start(lab, setting, 'router', ['router', '--listen', ROUTER]);
  }

  /** A router and two peers; the peers send through it or directly to each other. */
  async startPath(lab, setting, path) {
    await this.startRouter(lab, setting);
    const peering = path === 'relayed' ? ['--peering', 'via-router'] : [];
    for (const role of ['left', 'right']) {
      // The path to a remote that begins is a detail of the log.
      const words = ['peer', '--router', ROUTER, '--verbose', ...peering];
      const line = await this.#start(lab, setting, role, words);
      setting.target = /peer ([0-9a-f:]+)\//.exec(line)[1];
    }
    if (path === 'direct') await goDirect(lab, setting);
  }

  async #start(lab, setting, role, words) {
    const control = ['--control', join(lab.folder, `${role}.sock`)];
    const argv = [process.execPath, this.#command, ...words, ...control, ...this.#flags];
    const program = lab.spawn(role, argv);
    setting.programs[role] = program;
    const { line, at } = await program.waitForLine(/^ready/);
    setting.startUp[role] = at - program.startedAt;
    return line;
  }
}

/** Exchanges pings until both peers report a direct path to the other. */
async function goDirect(lab, { programs: { left, right }, target }) {
  for (let attempt = 0; attempt < DIRECT_ATTEMPTS; attempt++) {
    await lab.exec('left', ['ping', '-6', '-n', '-c', '1', '-W', '2', target]);
    const isDirect = ({ stdout }) => /^path direct/m.test(stdout);
    if (isDirect(left) && isDirect(right)) return;
    await sleep(DIRECT_POLL_MS);
  }
  throw new Error(left.complaint('no direct path'));
}

/**
 * 6bed4 with each driver and each offload.
 *
 * @param revision - as built in its working tree; null for this clone
 */
export function ours(revision = null) {
  const tree = revision?.tree ?? HERE;
  const known = helpOf(tree);
  const candidate = (id, title, flags) =>
    new Ours({
      id: idAt(id, revision),
      title: revision === null ? title : `${title}, ${revision.name}`,
      tree,
      flags,
      missing: missingAmong(flags, known),
    });
  const linux = (offloads, title) =>
    candidate(`linux-${offloads}`, title, ['--driver', 'linux', '--offloads', offloads]);
  return [
    // Without such an option there is only this one.
    known.includes('--driver')
      ? candidate('portable', '6bed4, portable driver', ['--driver', 'portable'])
      : candidate('portable', '6bed4, portable driver', []),
    linux('none', '6bed4, Linux driver, no offloads'),
    linux('udp', '6bed4, Linux driver, UDP offloads'),
    linux('tun', '6bed4, Linux driver, TUN offloads'),
    linux('all', '6bed4, Linux driver, all offloads'),
  ];
}

/** The id of a candidate at another revision; that at this one for null. */
export const idAt = (id, revision) => (revision === null ? id : `${id}@${revision.name}`);
