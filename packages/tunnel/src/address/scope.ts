export {
  isIPv6LinkLocal as isLinkLocal,
  isIPv6LinkLocalMulticast as isLinkLocalMulticast,
  isIPv6Routable as isRoutable,
  isIPv6Unspecified as isUnspecified,
  sameIPv6Address as sameAddress,
} from '@6bed4/codec';
