import { profileOf } from '@6bed4/codec';
import { arrows, Internet, natTypes, predictPath } from '@6bed4/simulator';

export const dialects = ['draft03', 'draft04', 'draft01'];

/** The choices of a NAT between a peer and the Internet; most homes have the first. */
export const natChoices = {
  'port-restricted cone': natTypes.portRestrictedCone,
  'restricted cone': natTypes.restrictedCone,
  'full cone': natTypes.fullCone,
  symmetric: natTypes.symmetric,
  'no NAT': null,
};

const START = 30_000;
const PING_INTERVAL = 200;
const PING_DURATION = 5_000;
/** Milliseconds between two looks at the peers. */
const STEP = 10;

/** A router and two peers, each behind the chosen NAT; they have their addresses. */
export class Lab {
  #since = 0;
  /** @type {[import('@6bed4/simulator').PeerNode, number | null][]} */
  #pings = [];
  #predictions;

  /** What is called each time when some milliseconds passed. */
  onStep = () => {};

  constructor({ dialect, alice, bob, seed = 1 }) {
    this.net = new Internet({ seed, trace: true });
    const profile = profileOf(dialect);
    this.net.router('router', { address: '198.51.100.1', profile });
    this.accessPaths = { alice: accessPath(alice), bob: accessPath(bob) };
    /** @type {Partial<Record<'alice' | 'bob', import('@6bed4/simulator').Nat>>} */
    this.nats = {};
    this.peers = {
      alice: this.#peer('alice', '192.0.2.10', natChoices[alice], profile),
      bob: this.#peer('bob', '203.0.113.20', natChoices[bob], profile),
    };
    this.#predictions = { alice: this.#predict('alice'), bob: this.#predict('bob') };
    this.net.run(START);
    this.#since = this.net.now;
  }

  /** Milliseconds since both have their addresses. */
  get now() {
    return this.net.now - this.#since;
  }

  ping(name) {
    const to = this.peers[otherThan(name)];
    this.#pings.push([this.peers[name], this.peers[name].ping(to.address)]);
  }

  /** Lets one of them, or both, ping the other for some seconds. */
  talk(first) {
    for (let elapsed = 0; elapsed < PING_DURATION; elapsed += PING_INTERVAL) {
      for (const name of first === 'both' ? ['alice', 'bob'] : [first]) this.ping(name);
      this.run(PING_INTERVAL);
    }
  }

  /** Lets virtual time pass, in milliseconds. */
  run(duration) {
    const end = this.net.now + duration;
    while (this.net.now < end) {
      this.net.run(Math.min(STEP, end - this.net.now));
      this.onStep();
    }
  }

  get pings() {
    const answered = this.#pings.filter(([peer, number]) => peer.wasAnswered(number)).length;
    return { sent: this.#pings.length, answered };
  }

  /** The present path of one of them to the other, its time, and the predicted path. */
  path(name) {
    const peer = this.peers[name];
    const remote = this.peers[otherThan(name)].address;
    const report = peer.paths.get(remote);
    const prediction = this.#predictions[name];
    const { path } = peer.remotes.find(({ address }) => address === remote) ?? { path: 'relayed' };
    return { path, since: report === undefined ? null : report.at - this.#since, prediction };
  }

  /** The datagrams since both have their addresses, the newest last. */
  arrows() {
    return arrows(this.net.trace)
      .filter(({ sentAt }) => sentAt >= this.#since)
      .map((arrow) => ({
        ...arrow,
        at: arrow.sentAt - this.#since,
        end: arrow.endedAt - this.#since,
      }));
  }

  #predict(name) {
    const scenario = { strategy: this.peers[name].machine.peering, receiverSends: true };
    return predictPath(this.accessPaths[name], this.accessPaths[otherThan(name)], scenario);
  }

  #peer(name, address, natOptions, profile) {
    const settings = { profile, link: { delay: 10 } };
    if (natOptions === null) return this.net.peer(name, { ...settings, address });
    this.nats[name] = this.net.nat(`${name}'s NAT`, { external: address, ...natOptions });
    return this.net.peer(name, { ...settings, behind: this.nats[name] });
  }
}

function otherThan(name) {
  return name === 'alice' ? 'bob' : 'alice';
}

function accessPath(name) {
  return { middleboxes: natChoices[name] === null ? [] : [natChoices[name]] };
}
