/**
 * Mutants that Stryker does not make, and that packed bits need most: numbers one off, and operators on bits
 * exchanged. Stryker offers no way to add mutators; its list is extended in place, so that its
 * version is pinned.
 */
import { createHash } from 'node:crypto';
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

/** A number in [0, 1) that a text decides. */
function chanceOf(text) {
  return createHash('sha256').update(text).digest().readUInt32BE() / 2 ** 32;
}

/**
 * Leaves out mutants by chance, the same ones each time: a score with an error of one or two percent in a
 * part of the time.
 *
 * @param share - of the mutants to keep, in (0, 1]
 */
export function sampleMutants(share) {
  for (const [index, mutator] of allMutators.entries()) {
    const { name } = mutator;
    allMutators[index] = {
      name,
      *mutate(path, ...rest) {
        const { start, end } = path.node;
        let number = 0;
        for (const mutant of mutator.mutate(path, ...rest)) {
          if (chanceOf(`${name} ${start} ${end} ${number++}`) < share) yield mutant;
        }
      },
    };
  }
}
