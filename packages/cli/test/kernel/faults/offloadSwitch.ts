import { setTimeout as sleep } from 'node:timers/promises';
import { TUN } from '@6bed4/testing/kernel/interfaces';
import type { Lab } from '@6bed4/testing/kernel/lab';
import { Random } from '@6bed4/testing/random';

/** Milliseconds between two switches. */
const INTERVAL = 50;
const TUN_FEATURES = ['tx', 'tso', 'gso', 'gro', 'tx-udp-segmentation', 'rx-udp-gro-forwarding'];
const LINK_FEATURES = [...TUN_FEATURES, 'rx', 'rx-gro-list'];
const TUNS: readonly Place[] = ['left', 'right'].map((label) => [label, TUN]);
const LINKS: readonly Place[] = [
  ...['left', 'right', 'leftNat', 'rightNat', 'router'].map((label): Place => [label, 'eth0']),
  ...['leftNat', 'rightNat'].map((label): Place => [label, 'lan']),
];

/** Host and interface. */
type Place = readonly [label: string, device: string];

/** Switches offloads of the interfaces of two peers behind NATs by chance, until it is stopped. */
export class OffloadSwitch {
  /** How often a feature was switched. */
  count = 0;
  readonly #lab: Lab;
  readonly #places: readonly Place[];
  readonly #random = new Random(1);
  #running = true;
  readonly #ended: Promise<void>;

  /**
   * @param links - whether interfaces of virtual Ethernet are switched besides those of the tunnel
   */
  constructor(lab: Lab, links: boolean) {
    this.#lab = lab;
    this.#places = links ? [...TUNS, ...LINKS] : TUNS;
    this.#ended = this.#run();
    // Whoever stops it is told.
    this.#ended.catch(() => {});
  }

  async stop(): Promise<void> {
    this.#running = false;
    await this.#ended;
  }

  async #run(): Promise<void> {
    while (this.#running) {
      const [label, device] = this.#places[this.#random.below(this.#places.length)]!;
      const features = device === TUN ? TUN_FEATURES : LINK_FEATURES;
      const feature = features[this.#random.below(features.length)]!;
      const state = this.#random.below(2) === 0 ? 'off' : 'on';
      const command = ['ethtool', '-K', device, feature, state];
      // What needs another feature that is off is switched together with that.
      const { code } = await this.#lab.exec(label, command, { mayFail: true });
      if (code === 0) this.count++;
      await sleep(INTERVAL);
    }
  }
}
