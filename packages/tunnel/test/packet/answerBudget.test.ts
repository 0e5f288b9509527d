import { UdpEndpoint } from '@6bed4/codec';
import { seededRandom } from '@6bed4/testing/random';
import { describe, expect, test } from 'vitest';
import { AnswerBudget } from '../../src/packet/answerBudget.js';

const one = new UdpEndpoint(0xc000_0201, 1000);
const other = new UdpEndpoint(0xc000_0201, 1001);

describe('AnswerBudget', () => {
  test('affords an answer as large as the frame, and no larger one', () => {
    const budget = new AnswerBudget(seededRandom(1));
    expect(budget.spend(one, 0)).toBe(false);
    budget.earn(one, 80);
    expect(budget.spend(one, 81)).toBe(false);
    expect(budget.spend(one, 80)).toBe(true);
    expect(budget.spend(one, 0)).toBe(false);
  });

  test('adds up small frames until a larger answer is affordable', () => {
    const budget = new AnswerBudget(seededRandom(2));
    budget.earn(one, 60);
    expect(budget.spend(one, 120)).toBe(false);
    budget.earn(one, 60);
    // Each datagram has 28 bytes of headers: two pay for one and 28 bytes remain.
    expect(budget.spend(one, 148)).toBe(true);
    expect(budget.spend(one, 0)).toBe(false);
  });

  test('keeps the endpoints behind one IPv4 address apart', () => {
    const budget = new AnswerBudget(seededRandom(3));
    budget.earn(one, 500);
    expect(budget.spend(other, 0)).toBe(false);
    expect(budget.spend(one, 500)).toBe(true);
  });

  test('saves up no more than the largest answer', () => {
    const budget = new AnswerBudget(seededRandom(4));
    for (let frame = 0; frame < 100; frame++) budget.earn(one, 1280);
    expect(budget.spend(one, 1281)).toBe(false);
    expect(budget.spend(one, 1280)).toBe(true);
    expect(budget.spend(one, 0)).toBe(false);
  });
});
