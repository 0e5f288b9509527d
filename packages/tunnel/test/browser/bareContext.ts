import { createContext, runInContext } from 'node:vm';

/** The global names of ECMAScript 2022 (ECMA-262 §19), and no others. */
const ECMASCRIPT = new Set([
  ...['globalThis', 'Infinity', 'NaN', 'undefined'],
  ...['eval', 'isFinite', 'isNaN', 'parseFloat', 'parseInt'],
  ...['decodeURI', 'decodeURIComponent', 'encodeURI', 'encodeURIComponent'],
  ...['AggregateError', 'Array', 'ArrayBuffer', 'BigInt', 'BigInt64Array', 'BigUint64Array'],
  ...['Boolean', 'DataView', 'Date', 'Error', 'EvalError', 'FinalizationRegistry'],
  ...['Float32Array', 'Float64Array', 'Function', 'Int8Array', 'Int16Array', 'Int32Array'],
  ...['Map', 'Number', 'Object', 'Promise', 'Proxy', 'RangeError', 'ReferenceError', 'RegExp'],
  ...['Set', 'SharedArrayBuffer', 'String', 'Symbol', 'SyntaxError', 'TypeError'],
  ...['Uint8Array', 'Uint8ClampedArray', 'Uint16Array', 'Uint32Array', 'URIError'],
  ...['WeakMap', 'WeakRef', 'WeakSet', 'Atomics', 'JSON', 'Math', 'Reflect'],
]);

/** Parts of the language that the machines must not use. */
const FORBIDDEN = `
  const forbid = (owner, name) => {
    owner[name] = () => { throw new Error(name + ' was called'); };
  };
  forbid(Math, 'random');
  forbid(Date, 'now');
  forbid(globalThis, 'Date');
`;

/**
 * Runs a script where there is nothing but the language: no console, no timers, no host. Returns
 * the value of `expression` as JSON brings it out.
 */
export function runBare(code: string, expression: string): unknown {
  const context = createContext(Object.create(null));
  const names: string[] = runInContext('Object.getOwnPropertyNames(globalThis)', context);
  for (const name of names) {
    if (!ECMASCRIPT.has(name)) runInContext(`delete globalThis[${JSON.stringify(name)}]`, context);
  }
  const left: string[] = runInContext('Object.getOwnPropertyNames(globalThis)', context);
  const foreign = [...left].filter((name) => !ECMASCRIPT.has(name));
  if (foreign.length > 0) throw new Error(`not of the language: ${foreign.join(', ')}`);
  runInContext(`${FORBIDDEN}\n${code}`, context);
  return JSON.parse(runInContext(`JSON.stringify(${expression})`, context));
}
