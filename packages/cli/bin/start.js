'use strict';

/** Runs a command of this package by its name. The modules of this folder are CommonJS, which starts sooner. */
exports.start = async (name) => {
  // Without a listener, Node.js opens the port of its debugger on this signal.
  process.on('SIGUSR1', () => {});
  const args = process.argv.slice(2);
  try {
    const { prepare } = require('../dist/daemon/prepare.cjs');
    const { file, hasThread } = await prepare(args, name);
    // It starts while this thread loads what it needs itself.
    if (hasThread) require('../dist/daemon/earlyThread.cjs').startThreadEarly();
    const { main } = file.endsWith('.cjs')
      ? require(`../dist/${file}`)
      : await import(`../dist/${file}`);
    const { version } = require('../package.json');
    process.exitCode = (await main(args, version, name)) || process.exitCode;
  } catch (error) {
    // Modules are files, too.
    if (error.code !== 'EMFILE') throw error;
    console.error(`${name}: too few files may be open (ulimit -n): EMFILE`);
    process.exitCode = 1;
  }
};
