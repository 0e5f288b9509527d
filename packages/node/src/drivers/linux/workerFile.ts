/** The file with the code of the worker: beside the one that this becomes a part of, and a module of the same kind. */
export function workerFile(): URL {
  const isCommonJs = import.meta.url.endsWith('.cjs');
  return new URL(isCommonJs ? './loopWorker.cjs' : './loopWorker.js', import.meta.url);
}
