import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { Lab, labNamespaces } from '@6bed4/testing/kernel/lab';
import { program } from '@6bed4/testing/kernel/programs';
import { describeLab } from '@6bed4/testing/kernel/requirements';
import { Capture, faultsOf } from '@6bed4/testing/kernel/tshark';
import { afterEach, beforeEach, expect, test } from 'vitest';

/** A solicitation as deployed peers send it, in hexadecimal; its last two digits are data. */
const SOLICITATION =
  '6000000000103aff00000000000000000000000000000000ff020000000000000000000000000002' +
  '85007aae000000000101000000000001';

describeLab('the kernel lab', () => {
  let lab: Lab;

  beforeEach(async () => {
    lab = new Lab();
    await lab.internet();
  });

  afterEach(() => lab.dispose());

  async function publicHost(label: string, address: string): Promise<void> {
    await lab.host(label);
    await lab.attach(label, address);
  }

  test('lets hosts on its Internet reach each other', async () => {
    await publicHost('a', '198.51.100.1/24');
    await publicHost('b', '198.51.100.2/24');
    await lab.exec('a', ['ping', '-c', '1', '-W', '1', '198.51.100.2']);
  });

  test('puts a host behind a masquerading router', async () => {
    await publicHost('server', '198.51.100.1/24');
    await publicHost('nat', '198.51.100.9/24');
    await lab.host('inside');
    await lab.link(['nat', 'lan', '192.168.1.1/24'], ['inside', 'eth0', '192.168.1.2/24']);
    await lab.ip('inside', 'route add default via 192.168.1.1');
    await lab.masquerade('nat', 'eth0', { fullyRandom: true });
    const server = lab.spawn('server', program('httpServer', 8080));
    await server.waitForLine(/listening/);
    const { stdout } = await lab.exec('inside', program('httpGet', 'http://198.51.100.1:8080/'));
    expect(stdout).toContain('198.51.100.9');
  });

  test('disconnects a host and connects it again', async () => {
    await publicHost('a', '198.51.100.1/24');
    await publicHost('b', '198.51.100.2/24');
    const ping = ['ping', '-c', '1', '-W', '1', '198.51.100.2'];
    await lab.plug('b', false);
    expect((await lab.exec('a', ping, { mayFail: true })).code).not.toBe(0);
    await lab.plug('b', true);
    await lab.exec('a', ['ping', '-c', '3', '-i', '0.2', '-W', '1', '198.51.100.2']);
  });

  test('ends its programs and removes its namespaces on disposal', async () => {
    await publicHost('a', '198.51.100.1/24');
    const holder = lab.spawn('a', program('udpHolder', '0.0.0.0', 25790));
    await holder.waitForLine(/holding/);
    lab.dispose();
    await expect(holder.ended).resolves.toEqual({ code: null, signal: 'SIGKILL' });
    const own = labNamespaces().filter(({ pid }) => pid === process.pid);
    expect(own).toEqual([]);
    expect(existsSync(lab.folder)).toBe(false);
  });

  test('removes namespaces of killed processes', () => {
    const { pid } = spawnSync('true');
    const name = `6bed4-${pid}-1-orphan`;
    spawnSync('ip', ['netns', 'add', name]);
    new Lab().dispose();
    expect(labNamespaces().map((found) => found.name)).not.toContain(name);
  });

  test('reports a failing command with its output', async () => {
    await lab.host('a');
    await expect(lab.exec('a', ['sh', '-c', 'echo why >&2; exit 3'])).rejects.toThrow(
      /exit code 3\nwhy/,
    );
  });

  test('detects faults in captured frames', async () => {
    await publicHost('a', '198.51.100.1/24');
    await publicHost('b', '198.51.100.2/24');
    const capture = await Capture.start(lab, [25790]);
    const truncated = SOLICITATION.slice(0, -16);
    const falseChecksum = SOLICITATION.replace('7aae', '7aaf');
    const overlongOption = SOLICITATION.replace('0101000000000001', '0103000000000001');
    const notIPv6 = '4500';
    const sent = [SOLICITATION, truncated, falseChecksum, overlongOption, notIPv6, ''];
    for (const payload of sent) {
      await lab.exec('a', program('udpSender', '198.51.100.2', 25790, payload));
    }
    const frames = await capture.stop();
    expect(frames).toHaveLength(sent.length);
    // The kernel sets DF unless a program requests otherwise, which is what this sender does not.
    const faulty = frames.map((frame) => faultsOf(frame).filter((fault) => !/DF/.test(fault)));
    expect(faulty.map((faults) => faults.length > 0)).toEqual([
      false,
      true,
      true,
      true,
      true,
      false,
    ]);
    expect(faultsOf(frames[0]!)).toEqual([expect.stringContaining('frame 1: has DF set')]);
    expect(frames[0]!.inner).toEqual({
      source: '::',
      destination: 'ff02::2',
      hopLimit: 255,
      length: 56,
      icmpType: 133,
    });
  });
});
