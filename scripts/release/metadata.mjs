/**
 * What the package.json of every public package says of the project: where it is, whose it is, and how it is
 * published. All of it follows from `repository` and `author` in the package.json of the root.
 *
 * `npm run repository -- https://github.com/OWNER/NAME` moves the project to another address: in the package.json files
 * and wherever else the old address is written.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

function rootManifest() {
  return JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
}

/** The page of the repository, such as `https://github.com/OWNER/NAME`. */
export function repositoryPage() {
  return rootManifest()
    .repository.url.replace(/^git\+/, '')
    .replace(/\.git$/, '');
}

/** The fields that the package.json of a public package in this folder has to have. */
export function metadataOf(folder) {
  const { author, repository } = rootManifest();
  const directory = relative(root, folder).split(sep).join('/');
  const page = repositoryPage();
  return {
    author,
    homepage: `${page}/tree/main/${directory}#readme`,
    repository: { ...repository, directory },
    bugs: { url: `${page}/issues` },
    publishConfig: { access: 'public', provenance: true },
  };
}

/** Replaces the address of the repository in all files that Git knows; returns their paths. */
function moveTo(page) {
  const old = repositoryPage();
  const found = execFileSync('git', ['grep', '--name-only', '-z', '-F', '-I', old], { cwd: root });
  const files = found.toString().split('\0').filter(Boolean);
  for (const file of files) {
    const path = join(root, file);
    writeFileSync(path, readFileSync(path, 'utf8').replaceAll(old, page));
  }
  return files;
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  const page = argv[2] ?? '';
  if (argv.length !== 3 || !/^https:\/\/github\.com\/[\w.-]+\/[\w.-]+(?<!\.git)$/.test(page)) {
    console.error('usage: npm run repository -- https://github.com/OWNER/NAME');
    process.exit(2);
  }
  console.log(moveTo(page).join('\n'));
}
