import { setTimeout } from 'node:timers/promises';
import { startPeer, startRouter } from '@6bed4/testing/kernel/daemons';
import { addressesOf } from '@6bed4/testing/kernel/interfaces';
import { buildNatTopology } from '@6bed4/testing/kernel/natTopology';
import { countReplies } from '@6bed4/testing/kernel/ping';
import { describeKernel } from '@6bed4/testing/kernel/requirements';
import { expect, test } from 'vitest';

/** Seconds after which Linux forgets a UDP mapping that brought one answer, by its own default. */
const FORGETS_AFTER = 30;
/** Minutes for which nobody sends to the peer; the measured claim in docs/direct-paths.md is of ten. */
const MINUTES = Number(process.env['SIXBED4_IDLE_MINUTES'] ?? 1.2);

describeKernel('an idle peer behind a NAT with random ports that forgets after 30 s', () => {
  test(
    'keeps its address, and is reached by the first packet',
    async () => {
      const lab = await buildNatTopology({ left: 'fully-random', right: 'none' });
      try {
        const timeouts = ['udp_timeout', 'udp_timeout_stream'].map(
          (name) => `net.netfilter.nf_conntrack_${name}=${FORGETS_AFTER}`,
        );
        await lab.exec('leftNat', ['sysctl', '-w', ...timeouts]);
        await startRouter(lab, 'router');
        const [idle, other] = await Promise.all([startPeer(lab, 'left'), startPeer(lab, 'right')]);
        await setTimeout(MINUTES * 60_000);
        expect(await addressesOf(lab, 'left')).toEqual([`${idle.address}/${idle.prefixLength}`]);
        expect(await countReplies(lab, 'right', idle.address, 1)).toBe(1);
        expect([...idle.daemon.stdout, ...idle.daemon.stderr].join()).not.toContain('changed');
        expect(other.address).not.toBe(idle.address);
      } finally {
        await lab.dispose();
      }
    },
    MINUTES * 60_000 + 60_000,
  );
});
