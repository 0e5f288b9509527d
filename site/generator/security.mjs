import { createHash } from 'node:crypto';

/** Gateways on any computer, by TLS, and on this one, as sources of a policy. */
export const GATEWAYS = ['wss:', 'ws://127.0.0.1:*', 'ws://localhost:*'];

const INLINE_SCRIPT = /<script>([\s\S]*?)<\/script>/g;

/**
 * The Content-Security-Policy of a page: it loads nothing from elsewhere, and runs no scripts but those
 * of the site and the inline ones that the generator wrote. Styles are inline in diagrams.
 *
 * @param {string} html
 * @param {string[]} connects - where its program may connect to, besides the site
 */
export function contentSecurityPolicy(html, connects = []) {
  const hashes = [...html.matchAll(INLINE_SCRIPT)].map(
    ([, code]) => `'sha256-${createHash('sha256').update(code).digest('base64')}'`,
  );
  return [
    "default-src 'none'",
    ["script-src 'self'", ...hashes].join(' '),
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
    ["connect-src 'self'", ...connects].join(' '),
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
}

/** Adds the policy to the head of a page, before anything that it is about; `connects` as above. */
export function withPolicy(html, connects) {
  const policy = contentSecurityPolicy(html, connects);
  const meta = `<meta http-equiv="Content-Security-Policy" content="${policy}"/>`;
  return html.replace(/<meta charset="utf-8"\/?>/i, (charset) => charset + meta);
}
