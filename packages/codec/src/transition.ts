/** Former names, for code that is being moved to the new ones. */
export { InvalidArgumentError as CodecError } from './arguments/invalidArgumentError.js';
export {
  isIPv4Loopback as isLoopback,
  isIPv4Multicast as isMulticast,
  isIPv4Private as isPrivate,
} from './ipv4/ipv4.js';
