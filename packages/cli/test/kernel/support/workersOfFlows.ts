import { setTimeout as sleep } from 'node:timers/promises';
import { command, PORT } from '@6bed4/testing/kernel/daemons';
import type { Lab } from '@6bed4/testing/kernel/lab';

const ADDRESS = '192.0.2.9';
/** Prints for each datagram its flow, and the inode of the socket whose queue it made longer. */
const SEND = `import re, socket, subprocess
def queues():
    shown = subprocess.run(["ss", "-HOuane", "sport = ${PORT}"], capture_output=True, text=True, check=True).stdout
    return {re.search(r" ino:(\\d+)", line)[1]: int(line.split()[1]) for line in shown.splitlines()}
for time in range(2):
    for flow in range(12):
        before = queues()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.bind(("127.0.0.1", 45000 + flow))
            sender.sendto(b"0", ("${ADDRESS}", ${PORT}))
        after = queues()
        print(flow, *[inode for inode in after if after[inode] > before[inode]])`;

/**
 * The sockets that datagrams of some flows arrive at, each as its inode, several for each flow. The router has two
 * workers, and nobody else sends to it; it is stopped, so that datagrams stay in the queues of its sockets.
 */
export async function workersOfFlows(lab: Lab): Promise<string[][]> {
  const host = 'single';
  await lab.host(host);
  await lab.address(host, 'lo', `${ADDRESS}/32`);
  const options = ['--listen', ADDRESS, '--workers', '2', '--no-control'];
  const router = lab.spawn(host, command('router', ...options));
  await router.waitForLine(/^ready/, 20_000);
  process.kill(router.pid, 'SIGSTOP');
  // Its threads end what they do.
  await sleep(200);
  try {
    const { stdout } = await lab.exec(host, ['python3', '-c', SEND]);
    const found: string[][] = [];
    for (const line of stdout.trim().split('\n')) {
      const [flow, ...sockets] = line.split(' ');
      found[Number(flow)] ??= [];
      found[Number(flow)]!.push(sockets.join());
    }
    return found;
  } finally {
    await router.stop('SIGKILL');
  }
}
