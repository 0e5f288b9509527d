import { describe, expect, test } from 'vitest';
import { firstProgram, isAsPromised } from '../firstProgram.mjs';

describe('the first program of a README', () => {
  test('is its first block of JavaScript', () => {
    const readme = '```sh\nnpm install a\n```\n\n```js\none();\n```\n\n```js\ntwo();\n```\n';
    expect(firstProgram(readme)).toEqual({ code: 'one();\n', prints: [] });
  });

  test('prints what comments and the block below say', () => {
    const readme = '```js\none();\n// prints: 1\n```\n\n```text\n2\n…\n```\n';
    expect(firstProgram(readme)?.prints).toEqual(['1', '2', '…']);
  });

  test('is none that is marked as not run', () => {
    const marked = '<!-- test: not-run: needs a server -->\n\n```js\none();\n```\n';
    expect(firstProgram(marked)).toBeNull();
    expect(firstProgram(`${marked}\n\`\`\`js\ntwo();\n\`\`\`\n`)?.code).toBe('two();\n');
  });

  test('is missing from a README without one', () => {
    expect(firstProgram('```ts\none();\n```\n')).toBeNull();
  });
});

describe('output', () => {
  test.each([
    ['the same', 'a\nb', ['a', 'b']],
    ['anything in a line', 'a fc64::1 b', ['a … b']],
    ['any lines', 'a\nb\nc\nd', ['a', '…', 'd']],
    ['any lines at the end', 'a\nb\nc', ['a', '…']],
    ['signs of patterns', 'a (b) [c] $', ['a (b) [c] $']],
  ])('is as promised: %s', (_, printed, promised) => {
    expect(isAsPromised(printed, promised)).toBe(true);
  });

  test.each([
    ['something more', 'a\nb', ['a']],
    ['something less', 'a', ['a', 'b']],
    ['a line where a word was promised', 'a x\ny b', ['a … b']],
    ['something else', 'axb', ['a.b']],
  ])('is not as promised: %s', (_, printed, promised) => {
    expect(isAsPromised(printed, promised)).toBe(false);
  });
});
