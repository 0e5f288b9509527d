import { draft01Profile, reference2020 } from '@6bed4/codec';
import { hex, toHex } from '@6bed4/testing/bytes';
import { fixture } from '@6bed4/testing/fixtures';
import { describe, expect, test } from 'vitest';
import { RouterBench } from './support/routerBench.js';

interface Exchange {
  readonly id: string;
  readonly from: string;
  readonly request: string;
  readonly reply: { readonly payload: string } | null;
}

const exchanges = fixture<readonly Exchange[]>('router-exchanges.json');

/** What our router does differently, on purpose, and why. */
const deviations: Readonly<Record<string, string>> = {
  'router2020/rs-two-options': 'RFC 4861 §6.1.1: unknown options are ignored, a nonce is repeated',
  'router2012/rs-two-options': 'RFC 4861 §6.1.1: unknown options are ignored, a nonce is repeated',
  'router2020/ns-router-fe80': 'RFC 4861 §7.2.4: the target is the one that was solicited',
  'router2020/ns-router-fe80-from-global':
    'RFC 4861 §7.2.4: the target is the one that was solicited',
  'router2012/ns-router-fe80': 'RFC 4861 §7.2.4: link-local solicitors get an answer',
  'router2012/ns-router-fe80-from-global':
    'RFC 4861 §7.2.4: the target is the one that was solicited',
  'router2020/ns-router-global':
    'RFC 4861 §7.2.4: comes from its target, and is no larger than what it answers',
  'router2012/ns-router-global':
    'RFC 4861 §7.2.4: comes from its target, and is no larger than what it answers',
  'router2020/spoofed-prefix': 'draft-03 §10.1: corrects the upper half, too',
  'router2020/spoofed-port': 'draft-03 §6: retracts the false prefix, in an RA that peers accept',
  'router2020/relay-hop-limit-1': 'RFC 4443 §3.3: Time Exceeded',
  'router2012/relay-hop-limit-1': 'RFC 4443 §3.3: Time Exceeded',
  'router2020/echo-router-global': 'answers echo requests to its own address',
  'router2012/echo-router-global': 'answers echo requests to its own address',
};

function benchFor(id: string): RouterBench {
  if (id.startsWith('router2012/')) {
    return new RouterBench({ profile: draft01Profile, prefix: '2001:db8:64:64::/64' });
  }
  if (id.startsWith('router2020-routes/')) {
    return new RouterBench({
      profile: reference2020,
      netid: 0x1234,
      routes: ['2001:db8:77::/48', '2001:db8:8::/64'],
    });
  }
  return new RouterBench({ profile: reference2020 });
}

describe('exchanges recorded from the reference routers', () => {
  test.each(exchanges.filter(({ id }) => !(id in deviations)))('$id: same bytes', (exchange) => {
    const { sent } = benchFor(exchange.id).datagram(exchange.from, hex(exchange.request));
    expect(sent.map((datagram) => toHex(datagram.payload))).toEqual(
      exchange.reply === null ? [] : [exchange.reply.payload],
    );
  });

  test.each(Object.entries(deviations))('%s differs: %s', (id) => {
    const exchange = exchanges.find((candidate) => candidate.id === id)!;
    const bench = benchFor(id);
    bench.datagram(exchange.from, hex(exchange.request)); // two of them pay for the answer
    const { sent } = bench.datagram(exchange.from, hex(exchange.request));
    expect(sent).toHaveLength(1);
    expect(toHex(sent[0]!.payload)).not.toBe(exchange.reply?.payload);
  });
});
