import { createConnection } from 'node:net';

/** Time in milliseconds for an answer; a daemon that takes longer is stuck. */
const ANSWER_TIMEOUT = 3_000;
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

/** Requests the status of the daemon that listens at a path; never throws. */
export function requestStatus(path: string): Promise<ControlAnswer> {
  return new Promise((resolve) => {
    const chunks: string[] = [];
    let length = 0;
    const socket = createConnection(path);
    const finish = (answer: ControlAnswer): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setEncoding('utf8');
    socket.setTimeout(ANSWER_TIMEOUT, () => finish({ kind: 'failed', why: 'no answer in time' }));
    socket.on('error', (error) => finish(answerFor(error)));
    socket.on('data', (chunk: string) => {
      length += chunk.length;
      chunks.push(chunk);
      if (length > LONGEST_ANSWER) finish({ kind: 'failed', why: 'an answer without end' });
    });
    socket.on('end', () => finish(parseAnswer(chunks.join(''))));
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
    return { kind: 'status', status: JSON.parse(text) };
  } catch {
    return { kind: 'failed', why: text === '' ? 'an empty answer' : 'an answer that is not JSON' };
  }
}
