import { HIGHEST_PORT } from '@6bed4/codec';
import { alreadyConnected, badPort, invalidType, outOfBounds } from './dgramErrors.js';

/** A datagram, or a part of one. */
export type Sendable = string | NodeJS.ArrayBufferView;

/** Called when a datagram was sent, with its bytes, or with the error. */
export type SendCallback = (error: Error | null, bytes: number) => void;

/** The arguments of `send`. */
export interface SendArguments {
  /** The payload, in parts. */
  readonly parts: readonly Uint8Array[];
  /** Destination; undefined for the remote of a connected socket. */
  readonly port: number | undefined;
  readonly address: string | undefined;
  readonly callback: SendCallback | undefined;
}

const EXPECTED = 'of type string or an instance of Buffer, TypedArray, or DataView';

/**
 * Reads the arguments of `send` in all forms that `node:dgram` takes:
 * `(msg[, port][, address][, callback])` and `(msg, offset, length[, port][, address][, callback])`,
 * where connected sockets take no port and address.
 *
 * @throws ERR_INVALID_ARG_TYPE, ERR_BUFFER_OUT_OF_BOUNDS, ERR_SOCKET_BAD_PORT
 * @throws ERR_SOCKET_DGRAM_IS_CONNECTED for a destination of a connected socket
 */
export function readSendArguments(
  isConnected: boolean,
  [message, second, third, fourth, fifth, sixth]: readonly unknown[],
): SendArguments {
  if (isConnected) {
    const isSliced = typeof third === 'number';
    const payload = isSliced ? slice(message, second, third) : message;
    const hasCallback = isSliced && typeof fourth === 'function';
    if (hasCallback ? fifth : fourth || fifth) throw alreadyConnected();
    const callback = isSliced ? (hasCallback ? fourth : sixth) : second;
    const parts = readPayload(payload);
    return { parts, port: undefined, address: undefined, callback: asCallback(callback) };
  }
  const isSliced = Boolean(fifth) || (Boolean(fourth) && typeof fourth !== 'function');
  const [payload, port, address, callback] = isSliced
    ? [slice(message, second, third), fourth, fifth, sixth]
    : [message, second, third, fourth];
  const parts = readPayload(payload);
  const checked = readPort(port, 'Port', 1);
  if (typeof address === 'function') {
    return { parts, port: checked, address: undefined, callback: address as SendCallback };
  }
  if (address !== undefined && address !== null && typeof address !== 'string') {
    throw invalidType('address', 'of type string', address);
  }
  return { parts, port: checked, address: address ?? undefined, callback: asCallback(callback) };
}

/**
 * Reads a UDP port, which may be a number or its text.
 *
 * @throws ERR_SOCKET_BAD_PORT
 */
export function readPort(port: unknown, name: string, least: 0 | 1): number {
  const isNumeric = typeof port === 'number' || (typeof port === 'string' && port.trim() !== '');
  const value = isNumeric ? Number(port) : Number.NaN;
  if (!Number.isInteger(value) || value < least || value > HIGHEST_PORT) {
    throw badPort(name, least, port);
  }
  return value;
}

function asCallback(value: unknown): SendCallback | undefined {
  return typeof value === 'function' ? (value as SendCallback) : undefined;
}

function readPayload(payload: unknown): Uint8Array[] {
  if (!Array.isArray(payload)) return [toBytes(payload, 'buffer')];
  return payload.map((part) => toBytes(part, 'buffer list arguments', payload));
}

function toBytes(value: unknown, name: string, whole: unknown = value): Uint8Array {
  if (typeof value === 'string') return Buffer.from(value);
  if (value instanceof Uint8Array) return value;
  if (!ArrayBuffer.isView(value)) throw invalidType(name, EXPECTED, whole);
  return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
}

function slice(message: unknown, offset: unknown, length: unknown): Uint8Array {
  const bytes = toBytes(message, 'buffer');
  const start = Number(offset) >>> 0;
  const count = Number(length) >>> 0;
  if (start > bytes.length) throw outOfBounds('offset');
  if (start + count > bytes.length) throw outOfBounds('length');
  return bytes.subarray(start, start + count);
}
