import { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { chooseCrypto } from '../crypto-attribute.mjs';
import { createMedia } from '../media.mjs';

// Has no type declarations.
const { parse } = createRequire(import.meta.url)('sdp-transform');

/** A socket that passes what it sends to another, and keeps it. */
class Wire extends EventEmitter {
  other: Wire | null = null;
  readonly sent: Buffer[] = [];

  bind(): this {
    queueMicrotask(() => this.emit('listening'));
    return this;
  }

  address(): { port: number } {
    return { port: 6000 };
  }

  connect(_port: number, _address: string, callback: () => void): void {
    queueMicrotask(callback);
  }

  send(bytes: Uint8Array): void {
    const copy = Buffer.from(bytes);
    this.sent.push(copy);
    this.other?.emit('message', copy);
  }

  close(): void {}
}

interface Report {
  readonly sent: number;
  readonly received: number;
  readonly dropped?: { readonly unauthenticated: number; readonly replayed: number };
}

function createSide(requiresSrtp: boolean) {
  const wire = new Wire();
  const report = vi.fn<(report: Report) => void>();
  return { wire, report, media: createMedia(wire, 'fc64:bed::a', report, requiresSrtp) };
}

/** A call whose offer and answer may be changed on the way; returns both. */
async function connect(caller: Side, callee: Side, change = (answer: string) => answer) {
  caller.wire.other = callee.wire;
  callee.wire.other = caller.wire;
  const { body: offer } = await caller.media.getDescription();
  await callee.media.setDescription(offer);
  const { body: answer } = await callee.media.getDescription();
  await caller.media.setDescription(change(answer));
  return { offer, answer };
}
type Side = ReturnType<typeof createSide>;

/** The first digits of the tone in the clear. */
const TONE = Buffer.from('1e0b0b1e9e8b8b9e', 'hex');

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('media with SRTP', () => {
  test.each([true, false])(
    'is encrypted both ways when offered (the callee requires it: %s)',
    async (requires) => {
      const [caller, callee] = [createSide(true), createSide(requires)];
      const { offer, answer } = await connect(caller, callee);
      await vi.advanceTimersByTimeAsync(1000);
      for (const { wire, media, report } of [caller, callee]) {
        expect(wire.sent.length).toBeGreaterThan(45);
        for (const packet of wire.sent) {
          expect(packet.length).toBe(12 + 160 + 10);
          expect(packet.includes(TONE)).toBe(false);
        }
        media.close();
        const { received, dropped } = report.mock.lastCall![0];
        expect(received).toBeGreaterThan(45);
        expect(dropped).toEqual({ unauthenticated: 0, replayed: 0 });
      }
      const keys = [offer, answer].map((text) => parse(text).media[0].crypto[0].config);
      expect(keys[0]).not.toBe(keys[1]);
    },
  );

  test('drops what is altered, repeated or in the clear, and counts it', async () => {
    const [caller, callee] = [createSide(true), createSide(true)];
    await connect(caller, callee);
    await vi.advanceTimersByTimeAsync(200);
    const packet = caller.wire.sent.at(-1)!;
    const altered = Buffer.from(packet);
    altered[20]! ^= 1;
    for (const bytes of [packet, altered, packet.subarray(0, 172)])
      callee.wire.emit('message', bytes);
    callee.media.close();
    expect(callee.report.mock.lastCall![0].dropped).toEqual({ unauthenticated: 2, replayed: 1 });
    caller.media.close();
  });

  test('is refused to a caller without, and not given up by an answer without', async () => {
    const refusal = 'no encryption that is acceptable';
    await expect(connect(createSide(false), createSide(true))).rejects.toThrow(refusal);
    const answers = [
      (answer: string) => answer.replace('RTP/SAVP', 'RTP/AVP'),
      (answer: string) => answer.replace(/a=crypto.*\r\n/, ''),
      (answer: string) => answer.replace('a=crypto:1', 'a=crypto:2'),
    ];
    for (const change of answers) {
      const caller = createSide(true);
      const callee = createSide(true);
      await expect(connect(caller, callee, change)).rejects.toThrow(refusal);
      expect(caller.wire.sent).toEqual([]);
      callee.media.close();
    }
  });

  test('is not taken from an answer to an offer without it', async () => {
    const callee = createSide(false);
    const secured = await createSide(true).media.getDescription();
    const change = () => secured.body;
    await expect(connect(createSide(false), callee, change)).rejects.toThrow('no encryption');
    callee.media.close();
  });

  test('is absent from a call that neither side wants to encrypt', async () => {
    const [caller, callee] = [createSide(false), createSide(false)];
    const { offer, answer } = await connect(caller, callee);
    await vi.advanceTimersByTimeAsync(100);
    expect(offer + answer).not.toContain('crypto');
    expect(caller.wire.sent[0]!.includes(TONE)).toBe(true);
    caller.media.close();
    callee.media.close();
    expect(callee.report.mock.lastCall![0]).not.toHaveProperty('dropped');
  });
});

describe('the attribute with the key', () => {
  const KEY = 'd0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj';
  const chosenFrom = (...lines: readonly string[]) =>
    chooseCrypto(parse(['v=0', 'm=audio 1 RTP/SAVP 0', ...lines].join('\r\n')).media[0]);

  test('is the first one that is supported', () => {
    expect(
      chosenFrom(
        `a=crypto:1 AEAD_AES_256_GCM inline:${KEY}`,
        `a=crypto:2 AES_CM_128_HMAC_SHA1_80 inline:${KEY}|2^20`,
        `a=crypto:3 AES_CM_128_HMAC_SHA1_80 inline:${KEY}`,
      ),
    ).toEqual({ tag: 2, master: Buffer.from(KEY, 'base64') });
  });

  test.each([
    `AES_CM_128_HMAC_SHA1_32 inline:${KEY}`,
    `AES_CM_128_HMAC_SHA1_80 inline:${KEY.slice(1)}`,
    `AES_CM_128_HMAC_SHA1_80 inline:${KEY}AAAA`,
    `AES_CM_128_HMAC_SHA1_80 inline:${KEY}|2^20|1:4`,
    `AES_CM_128_HMAC_SHA1_80 inline:${KEY} UNENCRYPTED_SRTP`,
    'AES_CM_128_HMAC_SHA1_80',
    '',
  ])('is not `%s`', (text) => {
    expect(chosenFrom(`a=crypto:1 ${text}`)).toBeUndefined();
  });
});
