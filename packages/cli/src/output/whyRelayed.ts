import { formatEndpoint } from '@6bed4/codec';
import type { PeerStatus, RemoteStatus, SearchStatus } from '../control/status.js';
import { mappingOf } from './natReport.js';
import { countText, durationText } from './quantities.js';

/** Seconds within which a direct packet shows that the way from the remote is open. */
const RECENT = 60;

/** Says why packets to a remote are relayed: what was tried when, and what that means; null where they are not. */
export function whyRelayed(remote: RemoteStatus, status: PeerStatus): string | null {
  // Daemons of other versions may not tell.
  const { search = null } = remote as Partial<RemoteStatus>;
  if (remote.path !== 'relayed' || search === null) return null;
  switch (search.state) {
    case 'idle':
      return idleText(remote, search);
    case 'trying':
      return `${formatEndpoint(search.endpoint)} is being tried${agoText(search.triedAgo)}`;
    case 'failed':
      return `${failedText(search)}. ${causeOf(search, status)}`;
  }
}

function idleText({ confirmedAgo, sentAgo }: RemoteStatus, { endpoint }: SearchStatus): string {
  if (confirmedAgo !== null) {
    const last = `direct until ${durationText(confirmedAgo)} ago`;
    return `${last}, and not confirmed since; the next packet tries ${formatEndpoint(endpoint)}`;
  }
  if (sentAgo === null) return 'this computer has sent it nothing, so nothing was tried';
  return `${formatEndpoint(endpoint)} was not tried yet; one of the next packets does`;
}

function failedText({ endpoint, triedAgo, failures, retryIn }: SearchStatus): string {
  const times = failures === null || failures < 2 ? '' : `, ${countText(failures)} times in a row`;
  const next =
    retryIn === null
      ? ''
      : retryIn > 0
        ? `; the next packet after ${durationText(Math.ceil(retryIn))} tries again`
        : '; the next packet tries again';
  return `${formatEndpoint(endpoint)} did not answer${agoText(triedAgo)}${times}${next}`;
}

function agoText(seconds: number | null): string {
  return seconds === null ? '' : `, last ${durationText(seconds)} ago`;
}

/** The cause that is most likely, from what this side can see. */
function causeOf({ endpoint, directAgo }: SearchStatus, status: PeerStatus): string {
  const { address } = endpoint;
  const isSameNat = status.routers.some(
    ({ publicEndpoint }) => publicEndpoint?.address === address,
  );
  if (isSameNat) {
    return (
      `${address} is our own public address: one NAT is before both, and does not return what comes ` +
      'from inside; --lan-search finds it on the local network'
    );
  }
  if (directAgo !== null && directAgo < RECENT) {
    return 'Its packets arrive here directly, so its NAT or firewall stops ours, or its answers are lost';
  }
  switch (mappingOf(status)?.kind) {
    case 'each':
      return 'Our NAT gives each destination another port, so it cannot reach us at the one in our address';
    case 'none':
      return 'We have no NAT, so its NAT or firewall lets nothing in, or gives each destination another port';
    case 'same':
      return 'Our NAT is one that direct paths get through, so its NAT or firewall stops them';
    default:
      return (
        'A NAT or firewall of either side lets nothing in, or gives each destination another port; ' +
        '"6bed4 check" tells about ours'
      );
  }
}
