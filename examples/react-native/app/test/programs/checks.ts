/** Fails with what was expected. */
export function check(holds: boolean, expectation: string): void {
  if (!holds) throw new Error(`expected ${expectation}`);
}

/** Fails unless both are the same text or number. */
export function checkSame<T extends string | number | null>(found: T, expected: T, what: string) {
  if (found !== expected) throw new Error(`${what}: found ${found}, expected ${expected}`);
}

/** A test by name; rejects with what is wrong. */
export interface Test {
  readonly name: string;
  run(): Promise<void>;
}

/** Runs tests one after the other, and prints a line of JSON for each. */
export async function runTests(tests: readonly Test[]): Promise<void> {
  for (const { name, run } of tests) {
    let fault: string | null = null;
    try {
      await run();
    } catch (error) {
      fault = error instanceof Error ? (error.stack ?? String(error)) : String(error);
    }
    print(JSON.stringify({ name, fault }));
  }
}
