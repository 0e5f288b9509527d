import { describe, expect, test } from 'vitest';
import { dnsServer } from '../../src/options/dnsServer.js';
import { isLoopback, listenAddress } from '../../src/options/listenAddress.js';
import { service, serviceText } from '../../src/serve/service.js';

describe('an address to listen on', () => {
  test.each([
    ['1080', '127.0.0.1', 1080, true],
    ['127.3.2.1:80', '127.3.2.1', 80, true],
    ['[::1]:1080', '::1', 1080, true],
    ['0.0.0.0:1080', '0.0.0.0', 1080, false],
    ['[::]:1080', '::', 1080, false],
    ['192.0.2.1:65535', '192.0.2.1', 65535, false],
    ['[::FFFF:127.0.0.1]:1', '::ffff:7f00:1', 1, false],
  ])('%s is read', (text, host, port, isLocal) => {
    expect(listenAddress(text)).toEqual({ host, port });
    expect(isLoopback({ host, port })).toBe(isLocal);
  });

  test.each([
    '',
    '0',
    '65536',
    '127.0.0.1',
    ':80',
    '::1:80',
    '[::1]',
    'localhost:80',
    '[127.0.0.1]:1',
  ])('%j is refused', (text) => {
    expect(() => listenAddress(text)).toThrow('expected A.B.C.D:PORT');
  });
});

describe('a DNS server', () => {
  test.each([
    ['2001:DB8::53', '2001:db8::53', 53],
    ['[2001:db8::53]', '2001:db8::53', 53],
    ['[2001:db8::53]:5353', '2001:db8::53', 5353],
  ])('%s is read', (text, address, port) => {
    expect(dnsServer(text)).toEqual({ address, port });
  });

  test.each([
    '',
    '192.0.2.1',
    '2001:db8::53:x',
    '[2001:db8::53]:0',
    '[2001:db8::53]:65536',
    'fe80::1%1',
  ])('%j is refused', (text) => {
    expect(() => dnsServer(text)).toThrow('expected an IPv6 address');
  });
});

describe('a service', () => {
  test.each([
    ['80=127.0.0.1:8080', 'tcp', 80, '127.0.0.1', 8080],
    ['22=[::1]:2222', 'tcp', 22, '::1', 2222],
    ['udp:53=localhost:5353', 'udp', 53, 'localhost', 5353],
  ])('%s is read, and written as it is', (text, protocol, port, host, hostPort) => {
    expect(service(text)).toEqual({ protocol, port, host, hostPort });
    expect(serviceText(service(text))).toBe(text);
  });

  test('may say that it is TCP', () => {
    expect(service('tcp:80=a:1')).toEqual(service('80=a:1'));
  });

  test.each([
    '',
    '80',
    '80=8080',
    '0=a:1',
    '65536=a:1',
    '80=a:0',
    '80=a:65536',
    '80=[a]:1',
    '80=::1:1',
    'sctp:1=a:1',
    '80=a b:1',
  ])('%j is refused', (text) => {
    expect(() => service(text)).toThrow('expected PORT=HOST:PORT');
  });
});
