/** All hosts on the local network (RFC 1112 §4). */
export const ALL_HOSTS = '224.0.0.1';

/** Upper bound of attempts to get an even port; the probability that all fail is one in a million. */
export const EVEN_PORT_ATTEMPTS = 20;
