import type { Endpoint } from '@6bed4/codec';

/**
 * The ways to routers by `A.B.C.D:port`, in a text that changes with the network that they lead through; null for
 * a router without one.
 */
export type Ways = ReadonlyMap<string, string | null>;

/** The IPv4 network that the datagrams of the tunnel go through. */
export interface Underlay {
  /** Looks for the present ways to routers. Nothing is sent. */
  look(routers: readonly Endpoint[]): Promise<Ways>;
  close(): void;
}

/**
 * Takes the news that something may be different.
 *
 * @param isLoss - whether something was lost on a present way, even if it is back by now
 */
export type UnderlayListener = (isLoss: boolean) => void;
