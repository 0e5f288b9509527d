import { formatIPv4 } from '@6bed4/codec';
import type { Datagram } from '../datagram/datagram.js';
import { endpointKey, endpointText } from '../datagram/endpointKey.js';
import type { Random } from '../time/random.js';
import type { World } from '../world/world.js';
import { Middlebox, type MiddleboxAttachment } from './middlebox.js';

/** `nf_conntrack_udp_timeout`, and `_stream` once replies have come for a while; in milliseconds. */
const UNREPLIED = 30_000;
const STREAM = 120_000;
/** Age from which an entry with replies lasts as a stream does. */
const STREAM_AGE = 2_000;
const LOWEST_PORT = 1024;
const HIGHEST_PORT = 65_535;
const PORT_TRIES = 128;

/** Options of a {@link LinuxNat}. */
export interface LinuxNatOptions {
  /**
   * The fate of what nobody asked for: dropped by the filter of input, as in home routers, or delivered
   * to the NAT itself, as in hosts of virtual machines and containers. Default `drop`.
   */
  readonly input?: 'drop' | 'accept';
  /** External ports: the internal one if it can be had, or always a random one. Default `preserving`. */
  readonly ports?: 'preserving' | 'random';
  /** Milliseconds that an entry lasts without reply; default 30000. */
  readonly unreplied?: number;
  /** Milliseconds that an entry lasts once replies have come for two seconds; default 120000. */
  readonly stream?: number;
}

/** Source and destination of a packet, as endpoint keys. */
interface Tuple {
  readonly from: number;
  readonly to: number;
}

/** A connection as the first packet of either direction shows it. */
interface Entry {
  readonly original: Tuple;
  /** What an answer looks like when it comes in: after translation, not the reverse of `original`. */
  readonly reply: Tuple;
  /** Internal address and port, int32 and port; null for what is delivered to the NAT itself. */
  readonly inside: { readonly address: number; readonly port: number } | null;
  readonly externalPort: number;
  readonly createdAt: number;
  isReplied: boolean;
  expiresAt: number;
}

/**
 * A NAT by connection tracking, as `masquerade` of Linux: an entry for each pair of endpoints, and no two
 * entries with the same tuple in either direction. So an internal endpoint keeps its port towards all
 * remotes, but those from which something unasked came to the NAT itself that was not dropped: that made an
 * entry, whose tuple an answer to the internal endpoint would have too.
 */
export class LinuxNat extends Middlebox {
  readonly #options: Required<LinuxNatOptions>;
  readonly #random: Random;
  readonly #external: number;
  /** By both tuples of each entry. */
  readonly #entries = new Map<string, Entry>();

  /** @internal @param external - external address, int32 */
  constructor(
    world: World,
    name: string,
    options: LinuxNatOptions,
    external: number,
    attachment: MiddleboxAttachment,
  ) {
    super(world, name, [], attachment);
    const {
      input = 'drop',
      ports = 'preserving',
      unreplied = UNREPLIED,
      stream = STREAM,
    } = options;
    this.#options = { input, ports, unreplied, stream };
    this.#random = world.random.stream(`nat ${name}`);
    this.#external = external;
    this.externalInterface.claim(external);
  }

  /** Its external IPv4 address. */
  get external(): string {
    return formatIPv4(this.#external);
  }

  /** The external endpoints at which remotes see internal ones, `remote internal external` each. */
  get connections(): readonly string[] {
    const { now } = this.world.scheduler;
    return [...new Set(this.#entries.values())]
      .filter(({ expiresAt, inside }) => expiresAt > now && inside !== null)
      .map(({ original, inside, externalPort }) =>
        [
          keyText(original.to),
          endpointText(inside!.address, inside!.port),
          endpointText(this.#external, externalPort),
        ].join(' '),
      );
  }

  /** Removes all entries, as `conntrack -F` does. */
  reset(): void {
    this.#entries.clear();
  }

  /** @internal */
  attached(): void {}

  /** @internal */
  detached(): void {}

  /** @internal What is for the NAT itself is taken whatever TTL is left. */
  override fromNetwork(datagram: Datagram, now: number): void {
    if (datagram.onlyOpens && datagram.ttl <= 1) {
      this.world.drop(this.name, datagram, 'ttl');
      return;
    }
    const entry = this.#find(tupleOf(datagram), now);
    if (entry === undefined || entry.inside === null) this.#input(entry, datagram, now);
    else super.fromNetwork(datagram, now);
  }

  /** @internal */
  protected override outbound(datagram: Datagram, now: number): void {
    const original = tupleOf(datagram);
    if (datagram.destination === this.#external) {
      this.#input(this.#find(original, now), datagram, now);
      return;
    }
    const entry = this.#find(original, now) ?? this.#create(datagram, original, now);
    this.#refresh(entry, now);
    datagram.source = this.#external;
    datagram.sourcePort = entry.externalPort;
    this.world.trace?.record('translate', this.name, datagram, now);
    this.externalInterface.up.carry(datagram);
  }

  /** @internal An answer, of which there is an entry. */
  protected override inbound(datagram: Datagram, now: number): void {
    const entry = this.#find(tupleOf(datagram), now)!;
    entry.isReplied = true;
    this.#refresh(entry, now);
    datagram.destination = entry.inside!.address;
    datagram.destinationPort = entry.inside!.port;
    this.world.trace?.record('translate', this.name, datagram, now);
    this.internalNetwork.deliver(datagram);
  }

  /** Something for the NAT itself: nobody listens there, but the entry stays if no rule drops it. */
  #input(entry: Entry | undefined, datagram: Datagram, now: number): void {
    if (this.#options.input === 'drop') {
      this.world.drop(this.name, datagram, 'filter');
      return;
    }
    if (entry === undefined) {
      const original = tupleOf(datagram);
      const reply = { from: original.to, to: original.from };
      this.#add(original, reply, null, datagram.destinationPort, now);
    } else {
      this.#refresh(entry, now);
    }
    this.world.drop(this.name, datagram, 'no-socket');
  }

  #create(datagram: Datagram, original: Tuple, now: number): Entry {
    const { source, sourcePort } = datagram;
    const port = this.#portFor(original.to, sourcePort, now);
    const reply = { from: original.to, to: endpointKey(this.#external, port) };
    return this.#add(original, reply, { address: source, port: sourcePort }, port, now);
  }

  #portFor(remote: number, internalPort: number, now: number): number {
    const isFree = (port: number): boolean =>
      this.#find({ from: remote, to: endpointKey(this.#external, port) }, now) === undefined;
    if (this.#options.ports === 'preserving' && isFree(internalPort)) return internalPort;
    for (let attempt = 1; ; attempt++) {
      const port = this.#random.integer(LOWEST_PORT, HIGHEST_PORT);
      // Linux gives up too, and takes what it tried last.
      if (isFree(port) || attempt === PORT_TRIES) return port;
    }
  }

  #add(
    original: Tuple,
    reply: Tuple,
    inside: Entry['inside'],
    externalPort: number,
    now: number,
  ): Entry {
    const expiresAt = now + this.#options.unreplied;
    const state = { isReplied: false, createdAt: now, expiresAt };
    const entry: Entry = { original, reply, inside, externalPort, ...state };
    this.#entries.set(keyOf(original), entry);
    this.#entries.set(keyOf(reply), entry);
    return entry;
  }

  #find(tuple: Tuple, now: number): Entry | undefined {
    const entry = this.#entries.get(keyOf(tuple));
    if (entry === undefined || entry.expiresAt > now) return entry;
    this.#entries.delete(keyOf(entry.original));
    this.#entries.delete(keyOf(entry.reply));
    return undefined;
  }

  #refresh(entry: Entry, now: number): void {
    const { unreplied, stream } = this.#options;
    const isStream = entry.isReplied && now - entry.createdAt >= STREAM_AGE;
    entry.expiresAt = now + (isStream ? stream : unreplied);
  }
}

function tupleOf({ source, sourcePort, destination, destinationPort }: Datagram): Tuple {
  return {
    from: endpointKey(source, sourcePort),
    to: endpointKey(destination, destinationPort),
  };
}

function keyOf({ from, to }: Tuple): string {
  return `${from} ${to}`;
}

function keyText(key: number): string {
  return endpointText(Math.floor(key / 0x1_0000) | 0, key % 0x1_0000);
}
