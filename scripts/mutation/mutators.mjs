/**
 * Mutants that Stryker does not make, and that packed bits need most: numbers one off, and operators on bits
 * exchanged. Stryker offers no way to add mutators; its list is extended in place, so that its
 * version is pinned.
 */
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const BIT_OPERATORS = {
  '&': '|',
  '|': '&',
  '^': '&',
  '<<': '>>>',
  '>>': '<<',
  '>>>': '<<',
};
const BIT_ASSIGNMENTS = {
  '&=': '|=',
  '|=': '&=',
  '^=': '&=',
  '<<=': '>>>=',
  '>>=': '<<=',
  '>>>=': '<<=',
};

/** The node as it is, but for some of its properties. */
function change(path, changes) {
  return { ...structuredClone(path.node), ...changes };
}

const integerLiteral = {
  name: 'IntegerLiteral',
  *mutate(path) {
    if (!path.isNumericLiteral() || !Number.isSafeInteger(path.node.value)) return;
    // Names of members, and what TypeScript drops.
    if (path.parentPath.isProperty() && path.key === 'key') return;
    if (path.findParent((parent) => parent.isTSType() || parent.isTSEnumMember())) return;
    const value = path.node.value === 0 ? 1 : path.node.value - 1;
    yield { type: 'NumericLiteral', value };
  },
};

const bitOperator = {
  name: 'BitOperator',
  *mutate(path) {
    if (path.isBinaryExpression() && Object.hasOwn(BIT_OPERATORS, path.node.operator)) {
      yield change(path, { operator: BIT_OPERATORS[path.node.operator] });
    }
    if (path.isAssignmentExpression() && Object.hasOwn(BIT_ASSIGNMENTS, path.node.operator)) {
      yield change(path, { operator: BIT_ASSIGNMENTS[path.node.operator] });
    }
  },
};

const fromCore = createRequire(createRequire(import.meta.url).resolve('@stryker-mutator/core'));
const instrumenter = pathToFileURL(fromCore.resolve('@stryker-mutator/instrumenter'));
const { allMutators } = await import(new URL('mutators/mutate.js', instrumenter).href);
allMutators.push(integerLiteral, bitOperator);

/** FNV-1a of a text, as a number in [0, 1). */
function hashOf(text) {
  let hash = 0x811c9dc5;
  for (const character of text) hash = Math.imul(hash ^ character.codePointAt(0), 0x01000193);
  return (hash >>> 0) / 2 ** 32;
}

/**
 * Leaves out mutants by chance, the same ones each time: a score with an error of one or two percent in a
 * part of the time.
 *
 * @param share - of the mutants to keep, in (0, 1]
 */
export function sampleMutants(share) {
  for (const [index, { name, mutate }] of allMutators.entries()) {
    const sampled = {
      name,
      *mutate(path, ...rest) {
        let number = 0;
        for (const mutant of mutate.call(allMutators[index], path, ...rest)) {
          const { start, end } = path.node;
          const place = `${name} ${start} ${end} ${number++}`;
          if (hashOf(hashOf(place).toString()) < share) yield mutant;
        }
      },
    };
    allMutators[index] = sampled;
  }
}
