/** The name of this protocol and its version, as the subprotocol of a WebSocket (RFC 6455 §1.9). */
export const SUBPROTOCOL = '6bed4.v1';

const TOKEN = '6bed4.token.';
const RESUME = '6bed4.resume.';
/** What a subprotocol may contain (RFC 9110 §5.6.2), but for separators of our own use. */
const WORD = /^[A-Za-z0-9_.~+-]{1,256}$/;

/** What a client says when it connects. */
export interface ClientCredentials {
  /** Lets it use the gateway; null for none. */
  readonly token: string | null;
  /** Names the endpoint that it had before; null for none. */
  readonly resume: string | null;
}

/** Whether a text can be a token: 1 to 256 letters, digits and `_.~+-`. */
export function isToken(text: string): boolean {
  return WORD.test(text);
}

/**
 * The subprotocols that a client offers. Pages in browsers cannot set header fields, and addresses are written to logs:
 * so what nobody else may know goes here.
 */
export function offeredSubprotocols({ token, resume }: ClientCredentials): string[] {
  return [
    SUBPROTOCOL,
    ...(token === null ? [] : [`${TOKEN}${token}`]),
    ...(resume === null ? [] : [`${RESUME}${resume}`]),
  ];
}

/** Reads what a client offers; null when it does not speak this protocol. */
export function readSubprotocols(offered: Iterable<string>): ClientCredentials | null {
  let isOurs = false;
  let [token, resume]: (string | null)[] = [null, null];
  for (const one of offered) {
    if (one === SUBPROTOCOL) isOurs = true;
    else if (one.startsWith(TOKEN)) token = wordAfter(one, TOKEN);
    else if (one.startsWith(RESUME)) resume = wordAfter(one, RESUME);
  }
  return isOurs ? { token: token ?? null, resume: resume ?? null } : null;
}

function wordAfter(text: string, start: string): string | null {
  const word = text.slice(start.length);
  return WORD.test(word) ? word : null;
}
