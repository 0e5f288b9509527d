/** Whether failures of the output are being listened to. */
let isReady = false;
let isUnread = false;

/**
 * Prints a line of the result on standard output. Where nobody reads it any more, nothing happens, as with
 * `| head`; any other failure, such as a full disk, is told on standard error and makes the exit code 1.
 */
export function print(line: string): void {
  write(`${line}\n`);
}

/** As {@link print}, for text that has its line feeds. */
export function write(text: string): void {
  if (!isReady) process.stdout.on('error', failed);
  isReady = true;
  try {
    process.stdout.write(text);
  } catch (error) {
    // Files are written at once.
    failed(error as NodeJS.ErrnoException);
  }
}

/** Whether it was noticed that nobody reads standard output any more: there is no use in going on. */
export function isOutputUnread(): boolean {
  return isUnread;
}

function failed({ code, message }: NodeJS.ErrnoException): void {
  if (code === 'EPIPE') isUnread = true;
  if (code === 'EPIPE' || process.exitCode === 1) return;
  process.exitCode = 1;
  console.error(`6bed4: standard output cannot be written: ${code ?? message}`);
}
