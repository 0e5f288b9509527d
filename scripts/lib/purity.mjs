import { readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join, relative, sep } from 'node:path';
import ts from 'typescript';

/**
 * Which packages of ours each package may import, and whether it may know where it runs. A new
 * package has to be entered here first: what it may know is a decision.
 */
export const rules = {
  '@6bed4/codec': { imports: [], portable: true },
  '@6bed4/nd': { imports: ['@6bed4/codec'], portable: true },
  '@6bed4/tunnel': { imports: ['@6bed4/codec', '@6bed4/nd'], portable: true },
  '@6bed4/simulator': {
    imports: ['@6bed4/codec', '@6bed4/nd', '@6bed4/tunnel'],
    portable: true,
  },
  '@6bed4/node': { imports: ['@6bed4/codec', '@6bed4/nd', '@6bed4/tunnel'], portable: false },
  '@6bed4/streams': { imports: ['@6bed4/codec', '@6bed4/node'], portable: false },
  '@6bed4/testing': { imports: ['@6bed4/codec', '@6bed4/nd'], portable: false },
  '6bed4': { imports: ['@6bed4/codec', '@6bed4/node', '@6bed4/tunnel'], portable: false },
};

/** What code may name without declaring or importing it: the language, less its clock and its host. */
const language = new Set([
  ...['Infinity', 'NaN', 'undefined', 'isFinite', 'isNaN', 'parseFloat', 'parseInt'],
  ...['decodeURI', 'decodeURIComponent', 'encodeURI', 'encodeURIComponent'],
  ...['AggregateError', 'Error', 'EvalError', 'RangeError', 'ReferenceError', 'SyntaxError'],
  ...['TypeError', 'URIError', 'Array', 'ArrayBuffer', 'BigInt', 'BigInt64Array'],
  ...['BigUint64Array', 'Boolean', 'DataView', 'FinalizationRegistry', 'Float32Array'],
  ...['Float64Array', 'Int8Array', 'Int16Array', 'Int32Array', 'Uint8Array'],
  ...['Uint8ClampedArray', 'Uint16Array', 'Uint32Array', 'Map', 'Number', 'Object', 'Promise'],
  ...['Proxy', 'RegExp', 'Set', 'String', 'Symbol', 'WeakMap', 'WeakRef', 'WeakSet', 'JSON'],
  ...['Math', 'Reflect', 'arguments'],
]);

/** Types that exist only where some platform's type definitions are. */
const platformTypes = new Set(['Buffer', 'Date', 'NodeJS', 'URL']);

/** A program of one file and nothing else, which is enough to find what is declared in it. */
function parse(text, file) {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ES2022, true);
  const options = { noLib: true, noResolve: true, types: [], target: ts.ScriptTarget.ES2022 };
  const host = {
    fileExists: (name) => name === file,
    getCanonicalFileName: (name) => name,
    getCurrentDirectory: () => dirname(file),
    getDefaultLibFileName: () => '',
    getNewLine: () => '\n',
    getSourceFile: (name) => (name === file ? source : undefined),
    readFile: () => undefined,
    useCaseSensitiveFileNames: () => true,
    writeFile: () => undefined,
  };
  return { source, checker: ts.createProgram([file], options, host).getTypeChecker() };
}

/** Whether an identifier names neither a member of something nor a thing declared in this file. */
function namesGlobal(node, checker) {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent) && parent.name === node) return false;
  if (ts.isQualifiedName(parent) && parent.right === node) return false;
  if (ts.isMetaProperty(parent) || ts.isLabeledStatement(parent)) return false;
  if (ts.isBreakOrContinueStatement(parent)) return false;
  if (
    (ts.isImportSpecifier(parent) || ts.isBindingElement(parent)) &&
    parent.propertyName === node
  ) {
    return false;
  }
  const symbol = ts.isShorthandPropertyAssignment(parent)
    ? checker.getShorthandAssignmentValueSymbol(parent)
    : checker.getSymbolAtLocation(node);
  return (symbol?.declarations ?? []).length === 0;
}

/** Whether a name is out of bounds if nothing in the file declares it. */
function isForbidden(node) {
  const inType = ts.isPartOfTypeNode(node) || ts.isTypeNode(node.parent);
  const isQualifier = ts.isQualifiedName(node.parent);
  return inType || isQualifier ? platformTypes.has(node.text) : !language.has(node.text);
}

/** The module that an import, a re-export, `import()` or `import('…')` in a type names, or null. */
function importedModule(node) {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) {
    return node.moduleSpecifier ?? null;
  }
  if (ts.isExternalModuleReference(node)) return node.expression;
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
    return node.arguments[0] ?? null;
  }
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
    return node.argument.literal;
  }
  return null;
}

/** `ipaddr.js/lib` and `@6bed4/nd/package.json` belong to `ipaddr.js` and `@6bed4/nd`. */
function packageOf(specifier) {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

/** What is wrong with an import, or null. */
function importFault(specifier, file, member, rule) {
  if (specifier === null) return 'import() of something that is not a literal';
  if (isBuiltin(specifier)) {
    return rule.portable ? `imports the Node built-in ${specifier}` : null;
  }
  if (specifier.startsWith('.')) {
    const target = relative(join(member.folder, 'src'), join(file, '..', specifier));
    return target.split(sep)[0] === '..' ? `imports ${specifier}, outside its own src` : null;
  }
  const imported = packageOf(specifier);
  if (imported.startsWith('@6bed4/') && !rule.imports.includes(imported)) {
    return `imports ${imported}, which ${member.name} may not know`;
  }
  const { dependencies, optionalDependencies } = member.manifest;
  if (!Object.hasOwn({ ...dependencies, ...optionalDependencies }, imported)) {
    return `imports ${imported}, which is not in its dependencies`;
  }
  return null;
}

/** What is wrong in one file: an array of `{ line, message }`. */
export function checkSource(text, file, member, rule) {
  const { source, checker } = parse(text, file);
  const found = [];
  const report = (node, message) => {
    const { line } = source.getLineAndCharacterOfPosition(node.getStart(source));
    found.push({ line: line + 1, message });
  };
  const visit = (node) => {
    const target = importedModule(node);
    if (target !== null) {
      const fault = importFault(
        ts.isStringLiteralLike(target) ? target.text : null,
        file,
        member,
        rule,
      );
      if (fault !== null) report(node, fault);
    }
    if (rule.portable) {
      if (ts.isIdentifier(node) && isForbidden(node) && namesGlobal(node, checker)) {
        report(node, `mentions ${node.text}`);
      }
      if (
        (ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node)) &&
        node.getText(source).match(/^Math\s*(\.|\[\s*['"`])\s*random/)
      ) {
        report(node, 'mentions Math.random');
      }
      if (ts.isMetaProperty(node) && node.keywordToken === ts.SyntaxKind.ImportKeyword) {
        report(node, 'mentions import.meta');
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function sourceFiles(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.[cm]?tsx?$/.test(entry.name))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort();
}

/** What is wrong in a package: an array of `{ file, line, message }`. */
export function checkPackage(member) {
  const manifest = join(member.folder, 'package.json');
  const rule = rules[member.name];
  if (rule === undefined) {
    return [
      { file: manifest, line: 1, message: `${member.name} has no rule in scripts/lib/purity.mjs` },
    ];
  }
  const found = Object.keys({
    ...member.manifest.dependencies,
    ...member.manifest.peerDependencies,
  })
    .filter((name) => name.startsWith('@6bed4/') && !rule.imports.includes(name))
    .map((name) => ({
      file: manifest,
      line: 1,
      message: `depends on ${name}, which ${member.name} may not know`,
    }));
  for (const file of sourceFiles(join(member.folder, 'src'))) {
    for (const fault of checkSource(readFileSync(file, 'utf8'), file, member, rule)) {
      found.push({ file, ...fault });
    }
  }
  return found;
}
