import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { buildSync } from 'esbuild';
import { root } from './workspace.mjs';

/** What a program needs that installs `@6bed4/tunnel`; the last one is that package itself. */
const installed = ['codec', 'nd', 'tunnel'];

const IMPORT_BUDGET_MS = 20;
const IMPORT_PAIRS = 25;

function run(command, args, options) {
  const result = spawnSync(command, args, { encoding: 'utf8', ...options });
  if (result.status === 0) return result.stdout;
  const reason = result.error?.message ?? `exit code ${result.status ?? result.signal}`;
  throw new Error(`${command} ${args.join(' ')}: ${reason}\n${result.stdout}${result.stderr}`);
}

/** npm and pnpm are shell scripts on Windows; nothing here needs quoting there. */
const shell = process.platform === 'win32';

function filesIn(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}

function bytesOf(files) {
  return files.reduce((sum, file) => sum + statSync(file).size, 0);
}

/** Installs the packages as npm would from the registry, into a folder of its own. */
function install(folder) {
  const packed = join(folder, 'packed');
  mkdirSync(packed);
  for (const name of installed) {
    run('pnpm', ['pack', '--pack-destination', packed], {
      cwd: join(root, 'packages', name),
      shell,
    });
  }
  const archives = filesIn(packed);
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n');
  // Without the registry: whatever else it took to install them would be missing, and fail.
  const options = ['--offline', '--ignore-scripts', '--no-audit', '--no-fund'];
  run('npm', ['install', ...options, ...archives], { cwd: folder, shell });
  const files = filesIn(join(folder, 'node_modules')).filter(
    (file) => !file.endsWith('.package-lock.json'),
  );
  return { unpacked: bytesOf(files), packed: bytesOf(archives) };
}

/** Bytes of a minified, compressed bundle of a program that takes addresses apart and together. */
function bundle(folder) {
  const { outputFiles } = buildSync({
    stdin: {
      contents: `
        import { decodeAddress, encodeAddress } from '@6bed4/codec';
        globalThis.use = [decodeAddress, encodeAddress];
      `,
      resolveDir: folder,
    },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    write: false,
  });
  return gzipSync(outputFiles[0].contents, { level: 9 }).length;
}

function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[sorted.length >> 1];
}

/**
 * Milliseconds that importing a package adds to a fresh process: medians, alternating with one that
 * imports nothing. `processor` is what it computes, which other processes disturb little; `clock` is
 * the same by the clock, which is as much only where the computer has nothing else to do.
 */
function importTime(folder) {
  const report = 'const { user, system } = process.cpuUsage(); console.log(user + system);\n';
  const programs = { with: `import '@6bed4/tunnel';\n${report}`, without: report };
  const clock = { with: [], without: [] };
  const processor = { with: [], without: [] };
  for (const [name, code] of Object.entries(programs)) {
    writeFileSync(join(folder, `${name}.js`), code);
  }
  for (let pair = 0; pair < IMPORT_PAIRS; pair++) {
    for (const name of Object.keys(programs)) {
      const start = performance.now();
      const microseconds = Number(run(process.execPath, [join(folder, `${name}.js`)]));
      clock[name].push(performance.now() - start);
      processor[name].push(microseconds / 1000);
    }
  }
  const added = (times) => median(times.with) - median(times.without);
  return { clock: added(clock), processor: added(processor) };
}

/** Measures the built packages: `{ label, value, unit, budget }` for each budget. */
export function measureSizes() {
  const folder = mkdtempSync(join(tmpdir(), '6bed4-sizes-'));
  try {
    const { unpacked, packed } = install(folder);
    const { clock, processor } = importTime(folder);
    return [
      {
        label: `@6bed4/tunnel with all it depends on, installed (${kilo(packed)} kB to download)`,
        value: unpacked / 1000,
        unit: 'kB',
        budget: 300,
      },
      {
        label: 'decodeAddress and encodeAddress of @6bed4/codec, bundled and compressed',
        value: bundle(folder) / 1000,
        unit: 'kB',
        budget: 5,
      },
      {
        label: `import of @6bed4/tunnel in a fresh process (by the clock ${clock.toFixed(1)} ms)`,
        value: processor,
        unit: 'ms',
        budget: IMPORT_BUDGET_MS,
      },
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function kilo(bytes) {
  return (bytes / 1000).toFixed(1);
}
