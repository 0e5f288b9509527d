import { Buffer } from 'buffer';
import { DeviceEventEmitter, NativeModules } from 'react-native';
import { Tunnel, type TunnelOptions } from './tunnel';

/** The native module of `android/`: a VpnService and its TUN interface. */
interface TunModule {
  /** Makes the interface, or gives it another address; rejects when the user did not allow it. */
  start(address: string): Promise<void>;
  stop(): void;
  /** Writes packets, see {@link splitPackets}, to the interface. */
  write(packets: string): void;
}

/** The event that brings packets of the system, in the same form. */
const PACKETS = 'sixbed4-packets';
/** The event that says that the user, or another VPN, took the interface away. */
const REVOKED = 'sixbed4-revoked';
const HEADER = 40;
const PAYLOAD_LENGTH = 4;
/** Packets of one call to the native side: each call costs more than a packet. */
const MOST_PACKETS = 64;

/** Options of a {@link TunHost}. */
export type TunHostOptions = Omit<TunnelOptions, 'packet'>;

/** A tunnel for all programs of the phone, by an interface of Android. */
export class TunHost {
  readonly tunnel: Tunnel;
  readonly #module: TunModule = NativeModules['SixBed4Tun'];
  readonly #arrived: Uint8Array[] = [];
  #subscriptions: { remove(): void }[] = [];
  #address: string | null = null;

  constructor(options: TunHostOptions) {
    this.tunnel = new Tunnel({
      ...options,
      packet: (packet) => this.#packetArrived(packet),
      changed: (state) => {
        if (state.address !== null) this.#moveTo(state.address);
        options.changed(state);
      },
    });
  }

  async start(): Promise<void> {
    if (this.#subscriptions.length === 0) {
      this.#subscriptions = [
        DeviceEventEmitter.addListener(PACKETS, (packets: string) => {
          for (const packet of splitPackets(Buffer.from(packets, 'base64')))
            this.tunnel.send(packet);
        }),
        DeviceEventEmitter.addListener(REVOKED, () => this.stop()),
      ];
    }
    await this.tunnel.start();
  }

  async stop(): Promise<void> {
    for (const subscription of this.#subscriptions.splice(0)) subscription.remove();
    this.#address = null;
    this.#module.stop();
    await this.tunnel.stop();
  }

  #moveTo(address: string): void {
    if (address === this.#address) return;
    this.#address = address;
    this.#module.start(address).catch(() => this.stop());
  }

  #packetArrived(packet: Uint8Array): void {
    this.#arrived.push(packet);
    if (this.#arrived.length === 1) setTimeout(() => this.#write(), 0);
  }

  #write(): void {
    while (this.#arrived.length > 0) {
      const batch = this.#arrived.splice(0, MOST_PACKETS);
      this.#module.write(Buffer.concat(batch.map((each) => Buffer.from(each))).toString('base64'));
    }
  }
}

/**
 * IPv6 packets that stand one after the other; the header of each says how long it is (RFC 8200 §3). Ends at what
 * is no whole packet.
 */
export function splitPackets(bytes: Uint8Array): Uint8Array[] {
  const packets: Uint8Array[] = [];
  let offset = 0;
  while (offset + HEADER <= bytes.length && bytes[offset]! >>> 4 === 6) {
    const payload = (bytes[offset + PAYLOAD_LENGTH]! << 8) | bytes[offset + PAYLOAD_LENGTH + 1]!;
    const end = offset + HEADER + payload;
    if (end > bytes.length) break;
    packets.push(Uint8Array.from(bytes.subarray(offset, end)));
    offset = end;
  }
  return packets;
}
