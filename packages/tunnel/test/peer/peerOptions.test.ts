import { describe, expect, test } from 'vitest';
import { RoutedPeerBench } from '../support/routedPeerBench.js';

describe('options', () => {
  test.each([
    [{ keepalive: { interval: -1, ttl: 3 } }, /keepalive.interval/],
    [{ keepalive: { interval: 30, ttl: 256 } }, /keepalive.ttl/],
    [{ lanip: 0 }, /lanip/],
    [{ lanip: 16384 }, /lanip/],
    [{ routers: ['nowhere'] }, /found/],
    [{ routers: ['198.51.100.1', '198.51.100.1:25790'] }, /router/],
  ])('%j are refused by name', (options, message) => {
    expect(() => new RoutedPeerBench(options)).toThrow(message);
  });
});
