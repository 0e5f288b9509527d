/** Where the code of the worker is: beside the file that this becomes a part of. */
export function workerFile(): URL {
  return new URL('./loopWorker.js', import.meta.url);
}
