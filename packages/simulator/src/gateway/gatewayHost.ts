import type { UdpEndpoint } from '@6bed4/codec';
import type { DatagramReceiver, ReceiptSender, SessionFailure, SessionHost } from '@6bed4/gateway';
import { VirtualTimer } from '../time/virtualTimer.js';
import type { World } from '../world/world.js';
import type { ClientPort } from './clientPort.js';
import { newGatewayCounters } from './gatewayCounters.js';
import type { CompleteGatewaySettings } from './gatewaySettings.js';
import type { ServerEnd } from './webConnection.js';

/** Milliseconds for which receipts wait for each other. */
const RECEIPT_DELAY = 10;

/** What the sessions of a gateway share, in virtual time. */
export class GatewayHost implements SessionHost<ServerEnd> {
  readonly settings: CompleteGatewaySettings;
  readonly counts: ReturnType<typeof newGatewayCounters> = newGatewayCounters();
  readonly byPort: Map<number, ClientPort> = new Map();
  readonly #world: World;
  readonly #addressBits: number;
  readonly #due = new Set<ReceiptSender>();

  /** @param addressBits - IPv4 address of all clients, int32 */
  constructor(world: World, addressBits: number, settings: CompleteGatewaySettings) {
    this.#world = world;
    this.#addressBits = addressBits;
    this.settings = settings;
  }

  now(): number {
    return this.#world.scheduler.now;
  }

  defer(action: () => void): void {
    this.#world.scheduler.at(this.now(), { happen: action });
  }

  receiptIsDue(session: ReceiptSender): void {
    if (this.#due.size === 0) {
      new VirtualTimer(this.#world, () => this.#sendReceipts(), RECEIPT_DELAY);
    }
    this.#due.add(session);
  }

  end(end: ServerEnd, failure: SessionFailure, code: number, reason: string): void {
    if (!end.isOpen) return;
    this.counts.connectionsEnded[failure]++;
    end.close(code, reason);
  }

  sessionAt(endpoint: Readonly<UdpEndpoint>): DatagramReceiver | null {
    if (endpoint.addressBits !== this.#addressBits) return null;
    return this.byPort.get(endpoint.port)?.session ?? null;
  }

  detached(): void {}

  #sendReceipts(): void {
    const sessions = [...this.#due];
    this.#due.clear();
    for (const session of sessions) session.sendReceipt();
  }
}
