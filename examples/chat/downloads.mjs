/** The folder that documents come into. Nothing leaves it, and nothing in it is overwritten. */
import { appendFile, mkdir, rename, rm, stat, statfs, truncate, writeFile } from 'node:fs/promises';
import { join, parse } from 'node:path';
import sanitize from 'sanitize-filename';
import { printable } from './contacts.mjs';
import { sha256Of } from './documents.mjs';

const LONGEST_NAME = 60;

/** A name without folders, leading dots, and what some system does not allow in names. */
export function safeName(name) {
  const last = printable(name).slice(-LONGEST_NAME).replace(/^[.\s]+/, '');
  return sanitize(last, { replacement: '_' }) || 'document';
}

export class Downloads {
  /** @param limit - bytes of a document, at most */
  constructor(folder, limit) {
    Object.assign(this, { folder, limit });
  }

  /** Where an offered document is being put together, and how much of it there is already. */
  async begin(name, size, sha256) {
    const isHash = typeof sha256 === 'string' && /^[0-9a-f]{64}$/.test(sha256);
    if (!isHash || !(Number.isSafeInteger(size) && size >= 0)) throw new Error('not an offer');
    if (size > this.limit) throw new Error(`${size} bytes, at most ${this.limit} are taken`);
    await mkdir(this.folder, { recursive: true });
    const part = join(this.folder, `.${sha256}.part`);
    await appendFile(part, '');
    const { size: from } = await stat(part);
    ...
    return { part, from };
  }

  /** Checks a document and gives it a name that was free. */
  async finish(part, name, sha256) {
    if ((await sha256Of(part)) !== sha256) {
      await rm(part);
      throw new Error('its checksum is another one');
    }
    const { name: stem, ext } = parse(safeName(name));
    for (let copy = 1; ; copy++) {
      const path = join(this.folder, copy === 1 ? stem + ext : `${stem} (${copy})${ext}`);
      try {
        await writeFile(path, '', { flag: 'wx' });
      } catch (error) {
        if (error.code === 'EEXIST') continue;
        throw error;
      }
      await rename(part, path);
      return path;
    }
  }
}
