/** Mutants that tell nothing about the protocol, left out by what they are, never by where they are. */

/** Functions whose arguments, from an index on, are text for people. */
const TEXT_FROM = { refuse: 2, InvalidArgumentError: 1 };

function isText(path) {
  if (!path.isStringLiteral() && !path.isTemplateLiteral()) return false;
  const call = path.parentPath;
  if (!call?.isCallExpression() && !call?.isNewExpression()) return false;
  const name = call.node.callee.name ?? '';
  const from = TEXT_FROM[name] ?? (name.endsWith('Error') ? 0 : Number.POSITIVE_INFINITY);
  return call.node.arguments.indexOf(path.node) >= from;
}

/** Read by Stryker, which knows them by this name. */
export const strykerPlugins = [
  {
    kind: 'Ignore',
    name: 'text',
    value: { shouldIgnore: (path) => (isText(path) ? 'text for people' : undefined) },
  },
];
