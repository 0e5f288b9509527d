import { createRequire } from 'node:module';

/** Runs a command of this package by its name. */
export async function start(name) {
  // Without a listener, Node.js opens the port of its debugger on this signal.
  process.on('SIGUSR1', () => {});
  const args = process.argv.slice(2);
  try {
    const { prepare } = await import('../dist/prepare.js');
    const { file, hasThread } = await prepare(args, name);
    if (hasThread) {
      // It starts while this thread loads what it needs itself.
      const { startThreadEarly } = await import('../dist/daemon/earlyThread.js');
      startThreadEarly();
    }
    const { main } = await import(`../dist/${file}`);
    const { version } = createRequire(import.meta.url)('../package.json');
    process.exitCode = (await main(args, version, name)) || process.exitCode;
  } catch (error) {
    // Modules are files, too.
    if (error.code !== 'EMFILE') throw error;
    console.error(`${name}: too few files may be open (ulimit -n): EMFILE`);
    process.exitCode = 1;
  }
}
