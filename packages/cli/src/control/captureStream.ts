import type { Socket } from 'node:net';
import {
  type CaptureOptions,
  HIGHEST_SNAP_LENGTH,
  LEAST_SNAP_LENGTH,
  type PeerDaemon,
  type RouterDaemon,
  StartError,
} from '@6bed4/node';
import { ACCEPTANCE_LINE, type ControlRequest } from './controlRequest.js';

const SIDES = ['outer', 'inner', 'both'] as const;

/** A side of a daemon, or both. */
export type CaptureSideName = (typeof SIDES)[number];

/** The options of a capture, as in its request. */
export interface CaptureRequest extends ControlRequest {
  readonly request: 'capture';
  readonly side: CaptureSideName;
  /** Null for whole packets. */
  readonly snapLength: number | null;
  /** Null for no end. */
  readonly count: number | null;
}

/**
 * Sends a capture of a daemon to a client, until the client ends its side, or all is captured that it wants. Then
 * comes what is left.
 *
 * @throws StartError for options that cannot be, and while there is another capture
 */
export async function sendCapture(
  daemon: PeerDaemon | RouterDaemon,
  request: ControlRequest,
  client: Socket,
  version: string,
): Promise<void> {
  const options = optionsIn(request);
  let isAccepted = false;
  const early: Uint8Array[] = [];
  const output = {
    get writableLength() {
      return client.writableLength;
    },
    write: (bytes: Uint8Array) => (isAccepted ? client.write(bytes) : early.push(bytes)),
  };
  const application = `6bed4 ${version}`;
  const capture = await daemon.capture(output, { ...options, application }, () => client.end());
  client.write(ACCEPTANCE_LINE);
  for (const bytes of early) client.write(bytes);
  isAccepted = true;
  const end = (): void => capture.close();
  client.once('end', end);
  client.once('close', end);
  // It may have left meanwhile.
  if (client.destroyed || client.readableEnded) end();
}

function optionsIn({ side, snapLength, count }: ControlRequest): CaptureOptions {
  const chosen = SIDES.find((one) => one === side);
  if (chosen === undefined) throw new StartError('EINVAL', `a side is one of ${SIDES.join(', ')}`);
  return {
    side: chosen,
    snapLength: integerOr(snapLength, LEAST_SNAP_LENGTH, HIGHEST_SNAP_LENGTH),
    count: integerOr(count, 1, Number.MAX_SAFE_INTEGER),
  };
}

function integerOr(value: unknown, lowest: number, highest: number): number | undefined {
  if (value === null || value === undefined) return undefined;
  if (Number.isSafeInteger(value) && lowest <= Number(value) && Number(value) <= highest) {
    return Number(value);
  }
  throw new StartError('EINVAL', `a number is an integer from ${lowest} to ${highest}`);
}
