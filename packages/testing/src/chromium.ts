import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const TIMEOUT = 60_000;

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The browser that SIXBED4_CHROMIUM names, else the first one on the search path, else null. */
export function findChromium(): string | null {
  const named = process.env['SIXBED4_CHROMIUM'];
  if (named !== undefined && named !== '') return named;
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const candidates = NAMES.flatMap((name) => folders.map((folder) => join(folder, name)));
  return candidates.find(isExecutable) ?? null;
}

/** A page that runs the script and shows its result, or the error, as text. */
function page(code: string, expression: string): string {
  return `<!doctype html><meta charset="utf-8"><title>6bed4</title><pre id="outcome"></pre><script>
const show = (outcome) => {
  document.getElementById('outcome').textContent = encodeURIComponent(JSON.stringify(outcome));
};
addEventListener('error', (event) => show({ error: event.message }));
</script><script>
${code.replaceAll('</script', '<\\/script')}
show({ value: ${expression} });
</script>`;
}

/** Opens a page in a headless browser, runs its scripts, and returns the document afterwards. */
export async function domInChromium(browser: string, url: string): Promise<string> {
  const profile = await mkdtemp(join(tmpdir(), '6bed4-browser-'));
  try {
    const { stdout } = await promisify(execFile)(
      browser,
      [
        '--headless',
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        `--user-data-dir=${profile}`,
        '--dump-dom',
        url,
      ],
      { timeout: TIMEOUT },
    );
    return stdout;
  } finally {
    await discard(profile);
  }
}

/** Runs a script in a page of a headless browser; returns the value of `expression` through JSON. */
export async function runInChromium(
  browser: string,
  code: string,
  expression: string,
): Promise<unknown> {
  const folder = await mkdtemp(join(tmpdir(), '6bed4-page-'));
  try {
    const file = join(folder, 'page.html');
    await writeFile(file, page(code, expression));
    const dom = await domInChromium(browser, pathToFileURL(file).href);
    const text = /<pre id="outcome">([^<]+)<\/pre>/.exec(dom)?.[1];
    if (text === undefined) throw new Error(`the page has no outcome: ${dom}`);
    const outcome = JSON.parse(decodeURIComponent(text));
    if ('error' in outcome) throw new Error(`in the browser: ${outcome.error}`);
    return outcome.value;
  } finally {
    await discard(folder);
  }
}

/** Processes of the browser may still be writing to their profile. */
function discard(folder: string): Promise<void> {
  return rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}
