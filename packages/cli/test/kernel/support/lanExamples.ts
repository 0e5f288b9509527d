import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { addressesOf } from '@6bed4/testing/kernel/interfaces';
import type { Lab } from '@6bed4/testing/kernel/lab';
import { unanswered } from '@6bed4/testing/kernel/ping';
import type { RunningProgram } from '@6bed4/testing/runningProgram';
import { expect } from 'vitest';
import { type Examples, ROUTER } from './examples.js';

const GUIDE = new URL('../../../../../docs/guides/lan-behind-a-peer.md', import.meta.url);
const HOOK = '/etc/6bed4/lan.sh';
/** Milliseconds; a router advertisement may wait for seconds. */
const SOON = 20_000;

/** A block of the guide for a shell that contains a text. */
export function guideBlock(containing: string): string {
  const blocks = [...readFileSync(GUIDE, 'utf8').matchAll(/^```sh\n([\s\S]*?)^```$/gm)];
  const found = blocks.map(([, text]) => text!).filter((text) => text.includes(containing));
  if (found.length !== 1)
    throw new Error(`the guide has ${found.length} blocks with ${containing}`);
  return found[0]!;
}

/** Writes the hook of the guide into the folder of a lab, with its state there; its path. */
export function writeHook(folder: string): string {
  const path = join(folder, 'lan.sh');
  const text = guideBlock('#!/bin/sh');
  const moved = text.replace(/^state=.*$/m, `state=${folder}/hook-state`);
  if (moved === text) throw new Error('the hook of the guide has no state');
  writeFileSync(path, moved);
  chmodSync(path, 0o755);
  return path;
}

/** Puts hosts on the network behind the laptop: its interface is `lan`, theirs `eth0`, which is down. */
export async function buildLan(lab: Lab, ...hosts: string[]): Promise<void> {
  await lab.ip('laptop', 'link add name lan type bridge stp_state 0 mcast_snooping 0');
  await lab.ip('laptop', 'link set lan up');
  for (const host of hosts) {
    await lab.host(host);
    const end = `type veth peer name eth0 netns ${lab.nameOf(host)}`;
    await lab.ip('laptop', `link add name to-${host} ${end}`);
    await lab.ip('laptop', `link set to-${host} master lan up`);
  }
}

/** Starts the peer of the guide on the laptop, and waits until the hook has started its server. */
export async function startPeerOfLan(
  examples: Examples,
  line: string,
): Promise<{ daemon: RunningProgram; address: string }> {
  const path = writeHook(examples.lab.folder);
  const daemon = await examples.daemon('laptop', `${line.replace(HOOK, path)} --verbose`);
  await daemon.waitForLine(/^hook called .* add-range-offer/);
  const address = await examples.addressOf(daemon);
  const network = address.slice(0, address.lastIndexOf(':') + 1);
  const state = join(examples.lab.folder, 'hook-state');
  const isServing = (): boolean =>
    existsSync(join(state, 'pid')) && readFileSync(join(state, 'ranges'), 'utf8').includes(network);
  await expect.poll(isServing, { timeout: SOON }).toBe(true);
  return { daemon, address };
}

/** Connects a host, which asks for a router advertisement then, and waits until it has one. */
export async function plugIn(lab: Lab, host: string): Promise<void> {
  await lab.ip(host, 'link set eth0 up');
  const route = (): Promise<string> => lab.ip(host, '-6 route show default');
  await expect.poll(route, { timeout: SOON }).toMatch(/^default via fe80:.* proto ra /);
}

/** Gets an address by the line of the guide, with files in the folder of the lab; the address. */
export async function getAddress(lab: Lab, host: string): Promise<string> {
  const file = (name: string): string => join(lab.folder, `${host}.${name}`);
  const own = `-1 -cf /dev/null -pf ${file('pid')} -lf ${file('leases')}`;
  const line = guideBlock('dhclient').trim().replace('-6', `-6 ${own}`);
  await lab.exec(host, ['sh', '-c', line]);
  const [address] = await addressesOf(lab, host, 'eth0');
  expect(address).toMatch(/\/128$/);
  return address!.split('/')[0]!;
}

/** A line for a peer with the hook of the guide: a computer behind it gets an address. */
export async function servesLan(examples: Examples, line: string): Promise<void> {
  const { lab } = examples;
  await examples.daemon('router', `6bed4 router --listen ${ROUTER}`);
  await buildLan(lab, 'desk');
  await lab.sysctl('laptop', 'net.ipv6.conf.all.forwarding', 1);
  const { daemon } = await startPeerOfLan(examples, line);
  await plugIn(lab, 'desk');
  const address = await getAddress(lab, 'desk');
  expect(await unanswered(lab, 'router', address, 2)).toEqual([]);
  expect(await daemon.stop()).toEqual({ code: 0, signal: null });
}
