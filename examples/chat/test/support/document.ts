import { createHash, randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';

/** Writes a document of random bytes, and returns its SHA-256. */
export async function writeDocument(path: string, size: number): Promise<string> {
  await writeFile(path, randomBytes(size));
  return sha256Of(path);
}

export async function sha256Of(path: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
}
