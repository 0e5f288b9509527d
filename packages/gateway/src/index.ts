/**
 * 6bed4 over WebSockets, where UDP is blocked: the wire format between a client and a gateway, the client, and the rules
 * for what a gateway lets pass. Nothing here needs a platform: the WebSocket, the clock and the timers are given.
 *
 * @packageDocumentation
 */

export { GatewayClient } from './client/gatewayClient.js';
export type {
  GatewayClientCounters,
  GatewayClientHost,
  GatewayClientOptions,
  GatewayFailure,
} from './client/gatewayClientOptions.js';
export {
  type GatewayPeer,
  type GatewayPeerOptions,
  openGatewayPeer,
  type WebPlatform,
} from './client/gatewayPeer.js';
export {
  GatewayUplink,
  type GatewayUplinkHost,
  type GatewayUplinkState,
} from './client/gatewayUplink.js';
export { UplinkChooser, type UplinkKind } from './client/uplinkChooser.js';
export type {
  CloseEventLike,
  MessageEventLike,
  OwnBytes,
  WebSocketLike,
} from './client/webSocketLike.js';
export { ReceiptPace } from './flow/receiptPace.js';
export { QUEUE_DELAY, SendWindow } from './flow/sendWindow.js';
export { ByteRate } from './relay/byteRate.js';
export { ClientGate, type ClientGateOptions, type Refusal, refusals } from './relay/clientGate.js';
export { GatewaySession } from './relay/gatewaySession.js';
export type {
  DatagramReceiver,
  DatagramSender,
  ReceiptSender,
  SessionConnection,
  SessionCounts,
  SessionFailure,
  SessionHost,
  SessionSettings,
} from './relay/sessionHost.js';
export { StrangerLimits } from './relay/strangerLimits.js';
export { closeCodes, isFinal } from './wire/closeCodes.js';
export {
  datagramMessage,
  isDatagramMessage,
  LONGEST_MESSAGE,
  LONGEST_PAYLOAD,
  MESSAGE_HEADER,
  MessageBatch,
  readDatagrams,
} from './wire/datagramMessage.js';
export { formatHello, type Hello, parseHello } from './wire/hello.js';
export { RECEIPT_LENGTH, readReceipt, receiptMessage } from './wire/receipt.js';
export {
  type ClientCredentials,
  isToken,
  offeredSubprotocols,
  readSubprotocols,
  SUBPROTOCOL,
} from './wire/subprotocol.js';
