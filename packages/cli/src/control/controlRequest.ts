import type { Socket } from 'node:net';
import type { StartError } from '@6bed4/node';

/** What clients get that request nothing. */
export const STATUS_REQUEST = 'status';
/** Milliseconds for a request to come; then it is for the status, as of clients that only read. */
const REQUEST_WAIT = 1000;
/** Bytes of a request, at most. */
const LONGEST_REQUEST = 4096;
const LINE_FEED = 0x0a;

/** What a client sends first, as a line of JSON. */
export interface ControlRequest {
  /** `status`, or the kind of stream. */
  readonly request: string;
  readonly [option: string]: unknown;
}

/** The first line of the answer to a request for a stream. */
export type StreamReply =
  | { readonly ok: true }
  | { readonly ok: false; readonly code: string; readonly message: string };

/** The line that a stream begins with. */
export const ACCEPTANCE_LINE: string = replyLine({ ok: true });

/** The line that a client gets instead of a stream. */
export function refusalLine({ code, message }: StartError): string {
  return replyLine({ ok: false, code, message });
}

function replyLine(reply: StreamReply): string {
  return `${JSON.stringify(reply)}\n`;
}

/**
 * Reads the request of a client. One that ends, waits or sends anything else requests the status. Nothing else is
 * read; the end of the client is still noticed.
 */
export function readRequest(client: Socket): Promise<ControlRequest> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const finish = (request: ControlRequest): void => {
      clearTimeout(timer);
      client.off('data', onData);
      client.off('end', onEnd);
      client.resume();
      resolve(request);
    };
    const onEnd = (): void => finish({ request: STATUS_REQUEST });
    const onData = (chunk: Buffer): void => {
      chunks.push(chunk);
      length += chunk.length;
      const isWhole = chunk.includes(LINE_FEED);
      if (isWhole || length > LONGEST_REQUEST) finish(parseRequest(Buffer.concat(chunks)));
    };
    const timer = setTimeout(onEnd, REQUEST_WAIT).unref();
    client.on('data', onData);
    client.once('end', onEnd);
    client.once('close', onEnd);
  });
}

function parseRequest(bytes: Buffer): ControlRequest {
  const end = bytes.indexOf(LINE_FEED);
  try {
    const parsed: unknown = JSON.parse(bytes.toString('utf8', 0, end < 0 ? bytes.length : end));
    const { request } = (parsed ?? {}) as { request?: unknown };
    if (typeof request === 'string') return parsed as ControlRequest;
  } catch {
    // Not ours.
  }
  return { request: STATUS_REQUEST };
}
