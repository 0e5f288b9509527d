const HEAD_END = '\r\n\r\n';
const STATUS = /^HTTP\/1\.[01] (\d{3})([^\r\n]*)/;
const LENGTH = /^content-length: *(\d+) *$/im;
/** Bytes of an answer, beyond which nothing is shown. */
export const LONGEST_ANSWER = 1 << 20;

/** A request to which the server ends the connection behind its answer (RFC 1945): so the end is the end of the text. */
export function requestFor(host, path) {
  return new TextEncoder().encode(
    `GET ${path} HTTP/1.0\r\nHost: [${host}]\r\nConnection: close\r\n\r\n`,
  );
}

/** The text of an answer. @throws Error for one that is incomplete, none of HTTP, or no success */
export function textOf(bytes) {
  const head = headOf(bytes);
  const [, status, reason] = STATUS.exec(head ?? '') ?? [];
  if (status === undefined) throw new Error('The answer is none of HTTP.');
  const body = bytes.subarray(head.length + HEAD_END.length);
  const length = LENGTH.exec(head)?.[1];
  if (length !== undefined && body.length < Number(length)) {
    throw new Error(`Only ${body.length} of ${length} bytes came.`);
  }
  if (!status.startsWith('2')) throw new Error(`The server says ${status}${reason}.`);
  return new TextDecoder().decode(body);
}

/** What stands before the text, one character for each byte; null for none. */
function headOf(bytes) {
  const latin = new TextDecoder('latin1').decode(bytes.subarray(0, 16_384));
  const end = latin.indexOf(HEAD_END);
  return end < 0 ? null : latin.slice(0, end);
}
