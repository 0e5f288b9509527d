/** The file with the code of the worker, beside the one that this becomes a part of. */
export function workerFile(): URL {
  // Bundlers that copy or trace such files have to find the name in this expression.
  return new URL('./loopWorker.js', import.meta.url);
}
