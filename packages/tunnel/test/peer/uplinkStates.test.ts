import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { uplinkTransitions } from '../../src/index.js';

/** The state diagram in Mermaid's language, one line a transition. */
function diagram(): string {
  const lines = ['stateDiagram-v2', '  [*] --> idle'];
  for (const [state, transitions] of Object.entries(uplinkTransitions)) {
    const inputsByNext = new Map<string, string[]>();
    for (const [input, next] of Object.entries(transitions)) {
      inputsByNext.set(next, [...(inputsByNext.get(next) ?? []), input]);
    }
    for (const [next, inputs] of inputsByNext) {
      lines.push(`  ${state} --> ${next} : ${inputs.join(', ')}`);
    }
  }
  return lines.join('\n');
}

test('the picture in docs/architecture.md shows the transitions of the code', () => {
  const text = readFileSync(
    new URL('../../../../docs/architecture.md', import.meta.url),
    'utf8',
  ).replaceAll('\r\n', '\n');
  expect(text).toContain(`\`\`\`mermaid\n${diagram()}\n\`\`\``);
});
