import type { Config } from '@matrixai/quic/native/types.js';
import { ownCertificate } from './certificate.js';
import { ALPN, MAXIMUM_PAYLOAD, NO_ALPN } from './protocol.js';
import type { QuicLibrary } from './quicLibrary.js';

/** Bytes that may be in flight to a reader at first; quiche opens the window further as it reads. */
const FIRST_WINDOW = 512 * 1024;

/** Transport parameters of both sides (RFC 9000 §18.2), and settings of quiche. */
function common(library: QuicLibrary, config: Config, window: number): Config {
  const first = Math.min(FIRST_WINDOW, window);
  config.setApplicationProtos([ALPN]);
  config.setMaxIdleTimeout(0);
  config.setMaxRecvUdpPayloadSize(MAXIMUM_PAYLOAD);
  config.setMaxSendUdpPayloadSize(MAXIMUM_PAYLOAD);
  config.setInitialMaxData(first);
  config.setInitialMaxStreamDataUni(first);
  config.setMaxStreamWindow(window);
  config.setMaxConnectionWindow(window);
  config.setInitialMaxStreamsBidi(0);
  config.setInitialMaxStreamsUni(1);
  config.setDisableActiveMigration(true);
  config.grease(false);
  // Loss on the radio and in NATs is no sign of congestion, and BBR does not take it for one.
  config.setCcAlgorithm(library.CongestionControlAlgorithm.BBR);
  config.enablePacing(false);
  return config;
}

/** For the side that connects. It takes whatever certificate it is shown. */
export function connectingConfig(library: QuicLibrary, window: number): Config {
  const config = library.Config.withBoringSslCtx(false, true, null, null, null, null);
  return common(library, config, window);
}

/** For the side that accepts. */
export function acceptingConfig(library: QuicLibrary, window: number): Config {
  const { key, certificate } = ownCertificate();
  const config = library.Config.withBoringSslCtx(false, true, null, [key], [certificate], null);
  return common(library, config, window);
}

/** For the side that accepts, to refuse connections. */
export function refusingConfig(library: QuicLibrary, window: number): Config {
  const config = acceptingConfig(library, window);
  config.setApplicationProtos([NO_ALPN]);
  return config;
}
