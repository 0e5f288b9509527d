import { formatPrefix } from '@6bed4/codec';
import type { RouterAdvertisement } from '@6bed4/nd';
import { MAX_ROUTES } from '../defaults.js';

/**
 * The routes in an advertisement, as text: prefixes that are neither on-link nor autonomous (as
 * deployed routers offer them) and Route Information (RFC 4191 §2.3, draft-04 §3.2). At most 32.
 */
export function offeredRoutes(advertisement: RouterAdvertisement): string[] {
  const routes: string[] = [];
  for (const option of advertisement.options) {
    let lifetime: number;
    if (option.type === 'prefix-information' && !option.onLink && !option.autonomous) {
      lifetime = option.validLifetime;
    } else if (option.type === 'route-information') {
      lifetime = option.lifetime;
    } else continue;
    if (lifetime === 0 || option.prefixLength > 128 || routes.length >= MAX_ROUTES) continue;
    // Bits beyond the length, which receivers must ignore (RFC 4861 §4.6.2), were cleared in parsing.
    const text = formatPrefix({ bytes: option.prefix, length: option.prefixLength });
    if (!routes.includes(text)) routes.push(text);
  }
  return routes;
}
