/** The file with the code of the worker: beside the one that this becomes a part of. */
export function workerFile(): URL {
  return new URL('./loopWorker.js', import.meta.url);
}
