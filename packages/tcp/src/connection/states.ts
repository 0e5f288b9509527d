/** State of a connection (RFC 9293 §3.3.2); LISTEN is that of a listener. */
export type TcpState =
  | 'SYN-SENT'
  | 'SYN-RECEIVED'
  | 'ESTABLISHED'
  | 'FIN-WAIT-1'
  | 'FIN-WAIT-2'
  | 'CLOSE-WAIT'
  | 'CLOSING'
  | 'LAST-ACK'
  | 'TIME-WAIT'
  | 'CLOSED';

/** What makes a connection change its state. */
export type TcpInput =
  /** A SYN without ACK came to who had sent one, too. */
  | 'SYN received'
  /** Our SYN is acknowledged, and that of the other side was received. */
  | 'SYN acknowledged'
  /** The application ends its data. */
  | 'end'
  /** The FIN of the other side, and all before it, was received. */
  | 'FIN received'
  /** Our FIN is acknowledged. */
  | 'FIN acknowledged'
  /** Two maximum segment lifetimes are over, in FIN-WAIT-2 only if nobody wants data any more. */
  | 'timeout'
  /** Reset, given up, or refused. */
  | 'abort';

/** The next state for each input that changes a state. */
export type TcpTransitions = Readonly<Partial<Record<TcpInput, TcpState>>>;

/**
 * All transitions (RFC 9293 §3.3.2, figure 5); an input that is not there changes nothing. What the application
 * ends before the handshake is complete ends when it is.
 */
export const tcpTransitions: Readonly<Record<TcpState, TcpTransitions>> = {
  'SYN-SENT': {
    'SYN received': 'SYN-RECEIVED',
    'SYN acknowledged': 'ESTABLISHED',
    abort: 'CLOSED',
  },
  'SYN-RECEIVED': {
    'SYN acknowledged': 'ESTABLISHED',
    abort: 'CLOSED',
  },
  ESTABLISHED: { end: 'FIN-WAIT-1', 'FIN received': 'CLOSE-WAIT', abort: 'CLOSED' },
  'FIN-WAIT-1': {
    'FIN acknowledged': 'FIN-WAIT-2',
    'FIN received': 'CLOSING',
    abort: 'CLOSED',
  },
  'FIN-WAIT-2': { 'FIN received': 'TIME-WAIT', timeout: 'CLOSED', abort: 'CLOSED' },
  'CLOSE-WAIT': { end: 'LAST-ACK', abort: 'CLOSED' },
  CLOSING: { 'FIN acknowledged': 'TIME-WAIT', abort: 'CLOSED' },
  'LAST-ACK': { 'FIN acknowledged': 'CLOSED', abort: 'CLOSED' },
  'TIME-WAIT': { timeout: 'CLOSED', abort: 'CLOSED' },
  CLOSED: {},
};
