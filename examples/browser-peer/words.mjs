import { closeCodes, isToken } from '@6bed4/gateway';

const ENDS = new Map([
  [closeCodes.goingAway, 'The gateway ends.'],
  [closeCodes.tryAgainLater, 'The gateway has no place for another client.'],
  [closeCodes.tooMany, 'The gateway has too many clients of your IP address.'],
  [closeCodes.unauthorized, 'The gateway wants a token, or another one than this.'],
  [closeCodes.resumed, 'Another connection has taken this one over.'],
  [closeCodes.silent, 'The gateway does not answer any more.'],
  [closeCodes.policyViolation, 'The gateway does not like what this page sends.'],
]);

/** What is wrong with the wish for a gateway; null for nothing. `page` is the address of the page. */
export function complaintAbout(gateway, token, page) {
  let url;
  try {
    url = new URL(gateway);
  } catch {
    return 'The address of a gateway looks like wss://router.example/6bed4.';
  }
  if (url.protocol !== 'wss:' && url.protocol !== 'ws:') {
    return 'The address of a gateway begins with wss://, or with ws:// on this computer.';
  }
  const isLocal = ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
  if (url.protocol === 'ws:' && !isLocal && new URL(page).protocol === 'https:') {
    return 'A page that came over https can use gateways at wss:// only.';
  }
  if (token !== '' && !isToken(token)) {
    return 'A token has letters, digits and _.~+- only, 256 at most.';
  }
  return null;
}

/** Why there is no connection, and what happens next. `origin` is that of the page. */
export function wordsFor({ url, code, reason, wasOpen, retryIn }, origin) {
  const next =
    retryIn === null ? '' : ` Trying again in ${Math.max(1, Math.round(retryIn / 1000))} s.`;
  const known = ENDS.get(code);
  if (known !== undefined) return known + next;
  if (wasOpen) return `The connection to the gateway broke.${next}`;
  // Browsers tell pages neither that nobody answers nor that the origin is not allowed.
  const detail = reason === '' ? '' : ` (${reason})`;
  return `The gateway ${url} cannot be reached${detail}, or does not allow pages of ${origin}.${next}`;
}
