import { constants, type Stats } from 'node:fs';
import { open } from 'node:fs/promises';
import type { AST } from 'toml-eslint-parser';
import { UsageError } from '../options/usageError.js';

/** Longer files are no configurations; nothing is to fill the memory. */
const LONGEST_FILE = 1 << 20;
const WRITABLE_BY_ALL = 0o002;

/** A value of a configuration file: a switch, or text, which numbers are, too. */
export interface ConfigValue {
  readonly value: boolean | string;
  /** The line that it is in, from 1. */
  readonly line: number;
}

/** What a configuration file says about one option. */
export interface ConfigEntry {
  readonly key: string;
  /** The line of the key, from 1. */
  readonly line: number;
  /** One value, or those of a list. */
  readonly values: readonly ConfigValue[];
}

/** The part of a configuration file for one command. */
export interface ConfigTable {
  /** The command. */
  readonly name: string;
  readonly line: number;
  readonly entries: readonly ConfigEntry[];
}

/** A configuration that cannot be used; the message names file and line. */
export class ConfigError extends UsageError {
  /** @param line - from 1; 0 for the file as a whole */
  constructor(path: string, line: number, message: string) {
    super(line === 0 ? `${path}: ${message}` : `${path}:${line}: ${message}`);
  }
}

/**
 * Reads a configuration file: TOML 1.0, with one table for each command.
 *
 * @throws ConfigError for what cannot be read, is no TOML, or has another form
 */
export async function readConfigFile(path: string): Promise<readonly ConfigTable[]> {
  const text = await textOf(path);
  const { ParseError, parseTOML } = await import('toml-eslint-parser');
  try {
    const program = parseTOML(text, { tomlVersion: '1.0' });
    return program.body[0].body.map((part) => tableOf(path, part));
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    throw new ConfigError(path, error.lineNumber, `no TOML: ${error.message}`);
  }
}

async function textOf(path: string): Promise<string> {
  let bytes: Buffer;
  try {
    bytes = await bytesOf(path);
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'there is no such file' : code;
    throw new ConfigError(path, 0, `the configuration cannot be read: ${why}`);
  }
  return bytes.toString('utf8').replace(/^\uFEFF/, '');
}

/** The content of a file. Does not wait for pipes and devices, which may begin never and have no end. */
async function bytesOf(path: string): Promise<Buffer> {
  // Other systems have no such flag.
  const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    checkFile(path, await file.stat());
    return await file.readFile();
  } finally {
    await file.close();
  }
}

/** @throws ConfigError for what no configuration of root can be: it may name a program to run */
function checkFile(path: string, file: Stats): void {
  const { size, mode } = file;
  if (!file.isFile() && !file.isDirectory()) {
    throw new ConfigError(path, 0, 'found a pipe or device, expected a file');
  }
  if (size > LONGEST_FILE) {
    throw new ConfigError(path, 0, `found ${size} bytes, expected ${LONGEST_FILE} at most`);
  }
  if (process.geteuid?.() === 0 && file.isFile() && (mode & WRITABLE_BY_ALL) !== 0) {
    const remedy = `run "chmod o-w ${path}"`;
    throw new ConfigError(
      path,
      0,
      `everybody may write this file, and root may not use it: ${remedy}`,
    );
  }
}

function tableOf(path: string, part: AST.TOMLTable | AST.TOMLKeyValue): ConfigTable {
  const { line } = part.loc.start;
  const name = nameOf(part.key);
  if (part.type === 'TOMLKeyValue') {
    throw new ConfigError(
      path,
      line,
      `${name}: found outside of a table, expected [COMMAND] above`,
    );
  }
  if (part.kind === 'array') {
    throw new ConfigError(path, line, `found [[${name}]], expected [${name}], once`);
  }
  return { name, line, entries: part.body.map((entry) => entryOf(path, entry)) };
}

function entryOf(path: string, { key, value }: AST.TOMLKeyValue): ConfigEntry {
  const name = nameOf(key);
  const parts = value.type === 'TOMLArray' ? value.elements : [value];
  const values = parts.map((part) => readValue(path, name, part));
  return { key: name, line: key.loc.start.line, values };
}

function readValue(path: string, key: string, node: AST.TOMLContentNode): ConfigValue {
  const { line } = node.loc.start;
  if (node.type === 'TOMLValue') {
    switch (node.kind) {
      case 'string':
      case 'boolean':
        return { value: node.value, line };
      // As it is written: nothing is rounded, and every option takes the numbers that it takes elsewhere.
      case 'integer':
      case 'float':
        return { value: node.number, line };
    }
  }
  const found = node.type === 'TOMLValue' ? 'a date or time' : 'a list or table';
  throw new ConfigError(path, line, `${key}: found ${found}, expected text in quotes`);
}

function nameOf({ keys }: AST.TOMLKey): string {
  return keys.map((key) => (key.type === 'TOMLBare' ? key.name : key.value)).join('.');
}
