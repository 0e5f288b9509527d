import { MASTER } from './srtp.mjs';

const SUITE = 'AES_CM_128_HMAC_SHA1_80';
/** 30 bytes are 40 digits of base64. A lifetime may follow, an identifier of the key may not. */
const INLINE = /^inline:([A-Za-z0-9+/]{40})(?:\|(?:2\^)?\d+)?$/;

/** The attribute of SDP with a master key and its salt (RFC 4568 §9.1). */
export function formatCrypto(tag, master) {
  return `a=crypto:${tag} ${SUITE} inline:${master.toString('base64')}`;
}

/**
 * The first attribute whose suite and parameters are supported, or `undefined`. Session parameters are not:
 * they could turn the encryption off.
 *
 * @param media a media description of sdp-transform
 */
export function chooseCrypto({ protocol, crypto = [] }) {
  if (protocol !== 'RTP/SAVP') return undefined;
  for (const { id, suite, config, sessionConfig } of crypto) {
    const key = INLINE.exec(config)?.[1];
    if (suite !== SUITE || key === undefined || sessionConfig) continue;
    const master = Buffer.from(key, 'base64');
    if (master.length === MASTER) return { tag: id, master };
  }
  return undefined;
}
