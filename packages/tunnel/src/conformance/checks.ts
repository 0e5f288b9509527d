/** Fails with what was expected. */
export function check(holds: boolean, expectation: string): void {
  if (!holds) throw new Error(`expected ${expectation}`);
}

/** Fails unless two things are the same as JSON. */
export function checkSame(found: unknown, expected: unknown, what: string): void {
  const [left, right] = [found, expected].map((each) => JSON.stringify(each));
  if (left !== right) throw new Error(`${what}: found ${left}, expected ${right}`);
}
