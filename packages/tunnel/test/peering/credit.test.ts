import { describe, expect, test } from 'vitest';
import { Credit } from '../../src/peering/credit.js';

/** Two remotes: the local side began with the first, and the second with us. */
function credits(): Credit {
  const credit = new Credit(2);
  credit.reset(0, true);
  credit.reset(1, false);
  return credit;
}

describe('the credit of a remote that began', () => {
  test('is nothing at first, and then what came from there', () => {
    const credit = credits();
    expect([credit.isTrusted(1), credit.affords(1, 0), credit.affords(1, 1)]).toEqual([
      false,
      true,
      false,
    ]);
    expect(credit.charge(1, 1)).toBe(false);
    credit.earn(1, 100);
    expect([credit.affords(1, 100), credit.affords(1, 101)]).toEqual([true, false]);
    expect([credit.charge(1, 101), credit.charge(1, 60)]).toEqual([false, true]);
    expect([credit.charge(1, 41), credit.charge(1, 40), credit.charge(1, 1)]).toEqual([
      false,
      true,
      false,
    ]);
  });

  test('grows by no packet once it is 1280 bytes', () => {
    const credit = credits();
    credit.earn(1, 1_279);
    credit.earn(1, 1);
    credit.earn(1, 1);
    expect([credit.affords(1, 1_280), credit.affords(1, 1_281)]).toEqual([true, false]);
    credit.charge(1, 1);
    credit.earn(1, 500);
    expect([credit.affords(1, 1_779), credit.affords(1, 1_780)]).toEqual([true, false]);
  });

  test('grows without bound by what the local side grants', () => {
    const credit = credits();
    credit.earn(1, 1_280);
    credit.grant(1, 720);
    expect([credit.affords(1, 2_000), credit.affords(1, 2_001)]).toEqual([true, false]);
  });

  test('is not taken by hints, which it only has to suffice for', () => {
    const credit = credits();
    credit.earn(1, 100);
    expect([credit.chargeHint(1, 101), credit.chargeHint(1, 100), credit.charge(1, 100)]).toEqual([
      false,
      true,
      true,
    ]);
  });

  test('is kept while there are more remotes, which begin with nothing', () => {
    const credit = credits();
    credit.earn(1, 100);
    credit.grow(3);
    expect([credit.affords(1, 100), credit.affords(1, 101), credit.isTrusted(0)]).toEqual([
      true,
      false,
      true,
    ]);
    expect([credit.affords(2, 0), credit.affords(2, 1)]).toEqual([true, false]);
  });
});

describe('the credit of a remote that is trusted', () => {
  test('bounds nothing that the local side causes', () => {
    const credit = credits();
    expect([credit.isTrusted(0), credit.affords(0, 1e6), credit.charge(0, 1e6)]).toEqual([
      true,
      true,
      true,
    ]);
    credit.trust(1);
    expect([credit.isTrusted(1), credit.affords(1, 1e6), credit.charge(1, 1e6)]).toEqual([
      true,
      true,
      true,
    ]);
  });

  test('bounds what hints cause, to 256 bytes at first, which they use up', () => {
    const credit = credits();
    credit.charge(0, 1e6);
    expect([credit.chargeHint(0, 257), credit.chargeHint(0, 156)]).toEqual([false, true]);
    expect([credit.chargeHint(0, 101), credit.chargeHint(0, 100)]).toEqual([false, true]);
    expect(credit.chargeHint(0, 1)).toBe(false);
  });

  test('is lost where its slot is given to a remote that began', () => {
    const credit = credits();
    credit.reset(0, false);
    expect([credit.isTrusted(0), credit.affords(0, 1)]).toEqual([false, false]);
  });
});
