import { TCP_CWR, TCP_ECE } from '@6bed4/nd';

/** Flags of a SYN that offers ECN (RFC 3168 §6.1.1). */
export const ECN_SETUP = TCP_ECE | TCP_CWR;
/** Flag of the answer to it. */
export const ECN_ANSWER = TCP_ECE;
