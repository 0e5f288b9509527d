import { describe, expect, test } from 'vitest';
import { Cubic } from '../../src/congestion/cubic.js';
import { SendScript, SIZE } from '../support/sendScript.js';

/** A sender that has 20 segments under way, from 10 on, sent now. */
function sending(options: ConstructorParameters<typeof SendScript>[0] = {}): SendScript {
  const script = new SendScript(options);
  script.write(10);
  script.wait(100);
  script.ack(10);
  script.write(20);
  script.wait(50);
  expect(script.sent.length).toBe(30);
  return script;
}

describe('a new connection', () => {
  test('has an initial window of ten segments (RFC 6928)', () => {
    const script = new SendScript();
    script.write(100);
    script.wait(90);
    expect(script.sent).toEqual(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
  });

  test('spreads it over half a round trip', () => {
    const script = new SendScript({ congestion: new Cubic(SIZE) });
    expect(script.write(100).split(' ').length).toBeLessThan(5);
    script.wait(30);
    expect(script.sent.length).toBeLessThan(10);
    script.wait(20);
    expect(script.sent.length).toBe(10);
  });
});

describe('loss that acknowledgments show', () => {
  test('is repaired at once after three segments behind the gap', () => {
    const script = sending();
    script.wait(50);
    expect(script.ack(10, { sack: [[11, 12]] })).toBe('');
    expect(script.ack(10, { sack: [[11, 13]] })).toBe('');
    expect(script.ack(10, { sack: [[11, 14]] })).toBe('10*');
  });

  test('is not taken for reordering when the acknowledgment before is lost (RFC 8985 §6.2, step 3)', () => {
    const script = sending();
    script.wait(50);
    const told = script.ack(10, {
      sack: [
        [15, 16],
        [11, 13],
      ],
    });
    expect(told).toContain('10*');
  });

  test('is told by time when fewer came behind the gap (RFC 8985 §6.2)', () => {
    const script = sending();
    script.wait(50);
    script.ack(10, { sack: [[11, 12]] });
    // A quarter of the least round trip.
    expect(script.wait(20)).toBe('');
    expect(script.wait(10)).toBe('10*');
  });

  test('reduces the window to seven tenths once, however much it is', () => {
    const script = sending();
    const before = script.window;
    script.wait(50);
    script.ack(10, { sack: [[12, 17]] });
    expect(script.window).toBeCloseTo(before * 0.7, 1);
    script.wait(100);
    script.ack(10, {
      sack: [
        [12, 17],
        [18, 30],
      ],
    });
    expect(script.window).toBeCloseTo(before * 0.7, 1);
  });

  test('is repaired while the window comes down step by step (RFC 9937)', () => {
    const script = sending();
    script.write(50);
    script.wait(50);
    const during: number[] = [];
    for (let end = 14; end <= 26; end++) {
      script.ack(10, { sack: [[11, end]] });
      script.wait(1);
      during.push(script.sent.length);
    }
    const steps = during.slice(1).map((count, index) => count - during[index]!);
    expect(Math.max(...steps)).toBeLessThanOrEqual(1);
    expect(script.sent).toContain('10*');
    expect(script.sent.at(-1)).not.toContain('*');
  });

  test('is noticed again when what was sent again is lost', () => {
    const script = sending();
    script.wait(50);
    script.ack(10, { sack: [[11, 20]] });
    script.write(5);
    script.wait(100);
    script.ack(10, { sack: [[11, 30]] });
    expect(script.ack(10, { sack: [[11, 32]] })).toContain('10*');
  });

  test('is told by three duplicates without selective acknowledgments (RFC 5681 §3.2)', () => {
    const script = sending({ sack: false });
    script.wait(50);
    script.ack(10);
    script.ack(10);
    expect(script.sent).not.toContain('10*');
    expect(script.ack(10)).toContain('10*');
  });

  test('is repaired one by one by partial acknowledgments without selective ones (RFC 6582)', () => {
    const script = sending({ sack: false });
    script.wait(50);
    for (let count = 0; count < 3; count++) script.ack(10);
    script.wait(100);
    expect(script.ack(14)).toContain('14*');
  });

  test('is not waited for longer with each duplicate (RFC 6298 §5.3)', () => {
    const script = sending({ sack: false });
    script.wait(50);
    expect(script.ack(11)).toBe('');
    const { timeout } = script.sender.roundTrip;
    expect(script.wait(timeout - 20)).toBe('');
    // Fewer than three duplicates repair nothing.
    expect(script.ack(11)).not.toContain('*');
    expect(script.wait(30)).toContain('11*');
  });

  test('lets new data out with the first duplicates (limited transmit, RFC 3042)', () => {
    for (const sack of [true, false]) {
      const script = new SendScript({ sack });
      script.write(30);
      script.wait(100);
      expect(script.ack(0, sack ? { sack: [[1, 2]] } : {})).toBe('10');
      expect(script.ack(0, sack ? { sack: [[1, 3]] } : {})).toBe('11');
    }
  });

  test('does not believe in blocks that were never sent', () => {
    const script = sending();
    script.wait(50);
    expect(script.ack(10, { sack: [[20, 99]] })).toBe('');
    expect(script.ack(10, { sack: [[5, 9]] })).toBe('');
    expect(script.window).toBeGreaterThanOrEqual(20);
  });
});

describe('the retransmission timer', () => {
  test('sends the first segment again, with a window of one', () => {
    const script = new SendScript({ sack: false });
    script.write(10);
    expect(script.wait(299)).not.toContain('*');
    expect(script.wait(2)).toBe('0*');
    expect(script.window).toBe(1);
  });

  test('doubles each time (RFC 6298 §5.5)', () => {
    const script = new SendScript({ sack: false });
    script.write(1);
    const at: number[] = [];
    while (at.length < 5) {
      const { deadline } = script.sender;
      if (script.wait(deadline - script.now) !== '') at.push(deadline - 1_000);
    }
    expect(at).toEqual([300, 900, 2_100, 4_500, 9_300]);
  });

  test('takes no round trip from what was sent twice (Karn)', () => {
    const script = new SendScript({ sack: false });
    script.write(1);
    script.wait(5_000);
    script.ack(1);
    expect(script.sender.roundTrip.smoothed).toBe(100);
  });

  test('takes none from a timestamp that a lost acknowledgment left behind', () => {
    const script = new SendScript();
    script.write(1);
    script.wait(20_000);
    // The first transmission had arrived, and its acknowledgment was lost.
    script.ack(1, { echo: 1_000, sack: [[0, 1]] });
    expect(script.sender.roundTrip.smoothed).toBe(100);
  });
});

describe('a timeout', () => {
  function timedOut(sack: boolean): SendScript {
    const script = new SendScript({ sack });
    script.write(5);
    script.wait(100);
    script.ack(5);
    script.write(8);
    script.wait(100);
    while (!script.sent.includes('5*')) script.wait(script.sender.deadline - script.now);
    expect(script.window).toBe(1);
    return script;
  }

  test('is undone when new data shows that nothing was lost (F-RTO, RFC 5682)', () => {
    for (const sack of [true, false]) {
      const script = timedOut(sack);
      script.write(10);
      script.wait(20);
      // The acknowledgments of the first transmissions were only late.
      expect(script.ack(6)).toBe('13 14');
      const sent = script.ack(7);
      expect(sent).not.toContain('*');
      expect(script.window).toBeGreaterThanOrEqual(10);
    }
  });

  test('stays when the second acknowledgment is a duplicate', () => {
    for (const sack of [true, false]) {
      const script = timedOut(sack);
      script.write(10);
      script.wait(20);
      expect(script.ack(6)).toBe('13 14');
      expect(script.ack(6, sack ? { sack: [[13, 14]] } : {})).toContain('6*');
      expect(script.window).toBeLessThan(5);
    }
  });

  test('is undone when the timestamp is older than what was sent again (Eifel, RFC 3522)', () => {
    const script = timedOut(true);
    script.write(10);
    script.wait(20);
    expect(script.ack(6, { echo: 1_100 })).not.toContain('*');
    expect(script.window).toBeGreaterThanOrEqual(10);
  });

  test('stays when the timestamp is that of what was sent again', () => {
    const script = timedOut(true);
    const repeated = script.now;
    script.wait(20);
    script.ack(6, { echo: repeated });
    expect(script.window).toBeLessThan(5);
  });
});

describe('a recovery', () => {
  test('is undone when all that was sent again arrived twice (RFC 3708)', () => {
    const script = sending();
    const before = script.window;
    script.wait(50);
    script.ack(10, { sack: [[12, 30]] });
    expect(script.sent.slice(-2)).toEqual(['10*', '11*']);
    script.wait(100);
    script.ack(30, { sack: [[10, 11]] });
    expect(script.window).toBeLessThan(before);
    script.ack(30, { sack: [[11, 12]] });
    expect(script.window).toBeGreaterThanOrEqual(before);
  });

  test('widens the time for reordering when it was needless (RFC 8985 §6.2)', () => {
    const script = sending();
    script.wait(50);
    script.ack(10, { sack: [[11, 12]] });
    script.wait(30);
    script.ack(30, { sack: [[10, 11]] });
    script.write(10);
    script.wait(100);
    script.ack(30, { sack: [[31, 32]] });
    // Twice a quarter of the least round trip by now.
    expect(script.wait(40)).not.toContain('30*');
    expect(script.wait(20)).toContain('30*');
  });
});

describe('the loss probe (RFC 8985 §7)', () => {
  test('sends the last segment again after two round trips', () => {
    const script = new SendScript();
    script.write(5);
    expect(script.wait(180)).not.toContain('*');
    expect(script.wait(40)).toBe('4*');
  });

  test('sends new data rather than old', () => {
    const script = new SendScript();
    script.write(30);
    script.wait(50);
    expect(script.wait(230)).toBe('10');
  });

  test('waits for a delayed acknowledgment of a lone segment, but not beyond the timeout (§7.2)', () => {
    const script = new SendScript({ roundTrip: 20 });
    script.write(1);
    expect(script.wait(195)).toBe('');
    // The timer would have expired now: 200 ms at least.
    expect(script.wait(10)).toBe('0*');
    expect(script.window).toBe(10);
  });

  test('does not follow a flight on a short path that is acknowledged once, 8 ms later', () => {
    const script = new SendScript({ roundTrip: 1 });
    for (let flight = 1; flight <= 5; flight++) {
      script.write(5);
      expect(script.wait(flight === 1 ? 8 : 9)).not.toContain('*');
      script.ack(5 * flight);
    }
    script.write(5);
    expect(script.wait(100)).toContain('29*');
  });

  test('is sent only once until a round trip was measured (§7.3)', () => {
    const script = new SendScript();
    script.write(5);
    expect(script.wait(210)).toContain('4*');
    script.wait(10);
    // Which transmission of segment 4 is answered cannot be told.
    script.ack(5);
    script.write(5);
    expect(script.wait(210)).toBe('');
    script.ack(10);
    script.write(5);
    expect(script.wait(script.sender.roundTrip.smoothed * 2 + 10)).toContain('14*');
  });

  test('is not sent before a round trip was measured (§7.3)', () => {
    const script = new SendScript({ roundTrip: null });
    script.write(5);
    expect(script.wait(990)).not.toContain('*');
    expect(script.wait(20)).toBe('0*');
  });

  test('counts as loss when it repaired one', () => {
    const script = new SendScript();
    script.write(5);
    script.wait(220);
    script.write(1);
    script.wait(10);
    script.ack(5);
    const before = script.window;
    expect(before).toBeGreaterThanOrEqual(10);
    script.wait(90);
    script.ack(6);
    expect(script.window).toBeCloseTo(before * 0.7, 1);
  });

  test('does not when it arrived twice', () => {
    const script = new SendScript();
    script.write(5);
    script.wait(220);
    script.write(1);
    script.wait(10);
    script.ack(5, { sack: [[4, 5]] });
    script.wait(90);
    script.ack(6);
    expect(script.window).toBeGreaterThanOrEqual(10);
  });
});

describe('congestion marks (RFC 3168)', () => {
  test('reduce the window once in a round trip, and that is told', () => {
    const script = sending();
    script.sender.usesEcn = true;
    const before = script.window;
    script.wait(50);
    script.ack(11, { ecn: true });
    expect(script.window).toBeCloseTo(before * 0.7, 0);
    expect(script.sender.announcesReduction).toBe(true);
    const after = script.window;
    script.ack(20, { ecn: true });
    expect(script.window).toBeGreaterThanOrEqual(after);
    script.ack(30, { ecn: true });
    expect(script.window).toBeLessThan(after);
  });

  test('mean nothing where they were not agreed', () => {
    const script = sending();
    const before = script.window;
    script.wait(50);
    script.ack(11, { ecn: true });
    expect(script.window).toBeGreaterThanOrEqual(before);
  });
});

describe('an application that sends little', () => {
  test('does not make the window grow (RFC 7661)', () => {
    const script = new SendScript();
    for (let segment = 1; segment <= 30; segment++) {
      script.write(1);
      script.wait(100);
      script.ack(segment);
    }
    expect(script.window).toBeLessThan(12);
  });

  test('begins again with the initial window after a pause (RFC 5681 §4.1)', () => {
    const script = sending();
    script.wait(50);
    script.ack(30);
    expect(script.window).toBeGreaterThan(20);
    script.wait(250);
    script.write(40);
    script.wait(99);
    expect(script.sent.length).toBe(40);
  });
});

describe('a path that carries less', () => {
  test('gets what is under way again in smaller segments, with the same window (RFC 8201)', () => {
    const script = new SendScript();
    script.write(4);
    const before = script.sender.congestion.window;
    script.sender.setSegmentSize(600);
    script.sender.resendLarger();
    expect(script.output()).toBe('0* 0.6* 1* 1.6* 2* 2.6* 3* 3.6*');
    expect(script.sender.congestion.window).toBe(before);
  });
});

describe('a small window of the other side', () => {
  test('is not filled with small segments until that is forced (RFC 9293 §3.8.6.2.1)', () => {
    const script = new SendScript();
    script.write(4);
    script.wait(100);
    script.ack(4, { window: 0.1 });
    script.write(2);
    expect(script.sender.isBlocked).toBe(true);
    script.sender.force();
    script.output();
    expect(script.sender.next).toBe(4 * SIZE + 100);
  });
});
