import { createConnection, type Socket } from 'node:net';
import { StartError } from '@6bed4/node';
import { type ControlRequest, STATUS_REQUEST, type StreamReply } from './controlRequest.js';
import { harmless } from './harmless.js';

/** Time in milliseconds for an answer; a daemon that takes longer is stuck. */
const ANSWER_TIMEOUT = 3_000;
/** Bytes of the first line of a stream, at most. */
const LONGEST_REPLY = 4096;
/** Longest answer in characters; no status is as long. */
const LONGEST_ANSWER = 16 << 20;

/** Result of a request for the status at a control socket. */
export type ControlAnswer =
  | { readonly kind: 'status'; readonly status: unknown }
  /** Nothing listens: the daemon is gone. */
  | { readonly kind: 'dead' }
  /** It belongs to another user. */
  | { readonly kind: 'forbidden' }
  /** Something listens and does not answer as a daemon does. */
  | { readonly kind: 'failed'; readonly why: string };

/**
 * Requests the status of the daemon that listens at a path; never throws.
 *
 * @param timeout - milliseconds for the answer
 */
export function requestStatus(
  path: string,
  timeout: number = ANSWER_TIMEOUT,
): Promise<ControlAnswer> {
  return new Promise((resolve) => {
    const chunks: string[] = [];
    let length = 0;
    const socket = createConnection(path);
    const finish = (answer: ControlAnswer): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setEncoding('utf8');
    socket.write(requestLine({ request: STATUS_REQUEST }));
    socket.setTimeout(timeout, () => finish({ kind: 'failed', why: 'no answer in time' }));
    socket.on('error', (error) => finish(answerFor(error)));
    socket.on('data', (chunk: string) => {
      length += chunk.length;
      chunks.push(chunk);
      if (length > LONGEST_ANSWER) finish({ kind: 'failed', why: 'an answer without end' });
    });
    socket.on('end', () => finish(parseAnswer(chunks.join(''))));
  });
}

/** A stream of a daemon. */
export interface ControlStream {
  readonly socket: Socket;
  /** What came with the first line. */
  readonly first: Buffer;
}

/**
 * Requests a stream of the daemon that listens at a path.
 *
 * @throws StartError when there is none, or the daemon refuses it
 */
export function requestStream(path: string, request: ControlRequest): Promise<ControlStream> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ path, allowHalfOpen: true });
    let received = Buffer.alloc(0);
    const fail = (error: StartError): void => {
      socket.destroy();
      reject(error);
    };
    const onEnd = (): void => fail(noStream(path));
    const onError = (error: Error): void => fail(connectError(error, path));
    const onData = (chunk: Buffer): void => {
      received = Buffer.concat([received, chunk]);
      const end = received.indexOf('\n');
      if (end < 0 && received.length < LONGEST_REPLY) return;
      const reply = parseReply(received.toString('utf8', 0, end));
      if (reply?.ok !== true) {
        fail(reply === null ? noStream(path) : new StartError(reply.code, reply.message));
        return;
      }
      socket.pause();
      socket.setTimeout(0);
      socket.off('data', onData).off('end', onEnd).off('error', onError);
      resolve({ socket, first: received.subarray(end + 1) });
    };
    socket.setTimeout(ANSWER_TIMEOUT, onEnd);
    socket.on('data', onData).on('end', onEnd).on('error', onError);
    socket.write(requestLine(request));
  });
}

/** Whether anything listens at a path. */
export function isListening(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(path);
    const finish = (listening: boolean): void => {
      socket.destroy();
      resolve(listening);
    };
    socket.on('connect', () => finish(true));
    // Only this says that the file has outlived its daemon.
    socket.on('error', (error) => finish(answerFor(error).kind !== 'dead'));
  });
}

function answerFor(error: NodeJS.ErrnoException): ControlAnswer {
  switch (error.code) {
    case 'ECONNREFUSED':
    case 'ENOENT':
    case 'ENOTSOCK':
      return { kind: 'dead' };
    case 'EACCES':
    case 'EPERM':
      return { kind: 'forbidden' };
    default:
      return { kind: 'failed', why: error.code ?? error.message };
  }
}

function parseAnswer(text: string): ControlAnswer {
  try {
    return { kind: 'status', status: harmless(JSON.parse(text)) };
  } catch {
    return { kind: 'failed', why: text === '' ? 'an empty answer' : 'an answer that is not JSON' };
  }
}

function requestLine(request: ControlRequest): string {
  return `${JSON.stringify(request)}\n`;
}

function parseReply(text: string): StreamReply | null {
  try {
    const reply = JSON.parse(text) as Partial<StreamReply> | null;
    return typeof reply?.ok === 'boolean' ? harmless(reply as StreamReply) : null;
  } catch {
    return null;
  }
}

function connectError(error: NodeJS.ErrnoException, path: string): StartError {
  const { kind } = answerFor(error);
  if (kind === 'dead') return new StartError('ENOENT', `nothing is running at ${path}`);
  if (kind === 'forbidden') {
    return new StartError('EACCES', `${path} belongs to another user; only its owner may ask`);
  }
  return new StartError(error.code ?? 'EPROTO', `${path} cannot be asked: ${error.message}`);
}

function noStream(path: string): StartError {
  return new StartError('EPROTO', `the daemon at ${path} is of a version that cannot be watched`);
}
