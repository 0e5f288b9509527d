import type { Endpoint } from '@6bed4/codec';
import type { TunnelEvent } from '@6bed4/tunnel';

/** Which way packets to a remote go. */
export type PathKind = 'relayed' | 'direct' | 'lan';

/** What a peer last reported about its path to a remote. */
export interface PathReport {
  /** Milliseconds of virtual time. */
  readonly at: number;
  /** IPv6 address, RFC 5952. */
  readonly remote: string;
  readonly path: PathKind;
  /** Null when this was the first report about the remote. */
  readonly previous: PathKind | null;
  /** Where direct packets go, or null. */
  readonly endpoint: Endpoint | null;
  /** What proved the path, or null. */
  readonly proof: string | null;
}

/** The report in an event, or null when it is about something else. */
export function pathReport(event: TunnelEvent, at: number): PathReport | null {
  const { type } = event as { readonly type: string };
  return type === 'path-changed' ? { at, ...(event as unknown as Omit<PathReport, 'at'>) } : null;
}
