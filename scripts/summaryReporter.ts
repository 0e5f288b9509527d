import { writeSync } from 'node:fs';
import type { Reporter, TestCase, TestModule, Vitest } from 'vitest/node';

/** What the tests of one project came to. */
interface Tally {
  passed: number;
  milliseconds: number;
  readonly failures: string[];
  /** Tests that passed only when they were repeated. */
  readonly repeated: string[];
  /** How many tests each reason skipped. */
  readonly skips: Map<string, number>;
}

/** The title, from the outermost group to the test, that says why it was skipped; else the first. */
function skippedGroup(test: TestCase): string {
  const titles = [test.name];
  for (let each = test.parent; each.type === 'suite'; each = each.parent) titles.unshift(each.name);
  const reason = titles.find((title) => title.includes('(skipped: ')) ?? titles[0]!;
  return reason.replace('(skipped: ', '(');
}

/** Lines with columns as wide as they need. */
function table(rows: readonly string[][]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!),
      )
      .join('  '),
  );
}

/**
 * Ends a run with a table of the projects, what was skipped and why, what passed only when it was repeated,
 * what failed, and the line `N passed, N failed`, which is the last one whatever else is printed. Nothing
 * that went wrong is missing from it: a test, a file that cannot be loaded, a project without tests, an
 * error outside any test, a run that ends before its time.
 */
export class SummaryReporter implements Reporter {
  readonly #tallies = new Map<string, Tally>();
  #vitest!: Vitest;
  #isComplete = false;

  onInit(vitest: Vitest): void {
    this.#vitest = vitest;
    process.once('exit', (code) => {
      this.#print(code);
    });
  }

  async onTestRunStart(): Promise<void> {
    const names = (await this.#vitest.globTestSpecifications()).map(({ project }) => project.name);
    for (const { name } of this.#vitest.projects) {
      if (!names.includes(name)) this.#fail(name, 'the project holds no test');
    }
  }

  onTestModuleEnd(module: TestModule): void {
    const { name } = module.project;
    const tally = this.#tally(name);
    const failuresBefore = tally.failures.length;
    for (const test of module.children.allTests()) {
      const { state } = test.result();
      if (state === 'passed') {
        tally.passed++;
        if (test.diagnostic()?.flaky) tally.repeated.push(test.fullName);
      } else if (state === 'failed') this.#fail(name, test.fullName);
      else {
        const group = skippedGroup(test);
        tally.skips.set(group, (tally.skips.get(group) ?? 0) + 1);
      }
    }
    if (module.state() === 'failed' && tally.failures.length === failuresBefore) {
      const message = module.errors()[0]?.message ?? 'failed outside its tests';
      this.#fail(name, `${module.relativeModuleId}: ${message.split('\n')[0]}`);
    }
    tally.milliseconds += module.diagnostic().duration;
  }

  onTestRunEnd(
    _modules: unknown,
    errors: readonly { readonly message: string }[],
    reason: string,
  ): void {
    for (const { message } of errors) this.#fail('outside tests', message.split('\n')[0]!);
    this.#isComplete = reason !== 'interrupted';
    if (this.#sum(({ failures }) => failures.length) > 0) process.exitCode = 1;
  }

  #tally(name: string): Tally {
    let tally = this.#tallies.get(name);
    if (tally === undefined) {
      tally = { passed: 0, milliseconds: 0, failures: [], repeated: [], skips: new Map() };
      this.#tallies.set(name, tally);
    }
    return tally;
  }

  #fail(name: string, failure: string): void {
    this.#tally(name).failures.push(failure);
  }

  #sum(count: (tally: Tally) => number): number {
    return [...this.#tallies.values()].reduce((sum, tally) => sum + count(tally), 0);
  }

  #print(exitCode: number): void {
    if (!this.#isComplete) this.#fail('outside tests', 'the run did not finish');
    const failed = () => this.#sum(({ failures }) => failures.length);
    if (exitCode !== 0 && failed() === 0) this.#fail('outside tests', `exit code ${exitCode}`);
    const tallies = [...this.#tallies];
    const rows = tallies.map(([name, { passed, failures, skips, milliseconds }]) => [
      name,
      String(passed),
      String(failures.length),
      String([...skips.values()].reduce((sum, count) => sum + count, 0)),
      `${(milliseconds / 1000).toFixed(1)} s`,
    ]);
    const lines = [
      '',
      ...table([['', 'passed', 'failed', 'skipped', 'time'], ...rows]),
      ...tallies.flatMap(([name, { skips }]) =>
        [...skips].map(([group, count]) => `skipped in ${name}: ${count} × ${group}`),
      ),
      ...tallies.flatMap(([name, { repeated }]) =>
        repeated.map((test) => `passed when repeated in ${name}: ${test}`),
      ),
      ...tallies.flatMap(([name, { failures }]) =>
        failures.map((failure) => `failed in ${name}: ${failure}`),
      ),
      '',
      `${this.#sum(({ passed }) => passed)} passed, ${failed()} failed`,
      '',
    ];
    writeSync(1, lines.join('\n'));
  }
}
