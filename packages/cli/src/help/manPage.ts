import type { CommandPage, PageEntry, PageSection } from './commandPage.js';

/** A man page: its file name and text in troff with the macros of man(7). */
export interface ManPage {
  readonly name: string;
  readonly text: string;
}

/** What the pages are about. */
export interface Release {
  readonly version: string;
  /** The day of the build, as `2026-01-31`. */
  readonly date: string;
}

/** Commands of an administrator (section 8 of the manual); the others are of everybody (section 1). */
const OF_ADMINISTRATORS: readonly unknown[] = [
  'fleet',
  'peer',
  'router',
  '6bed4peer',
  '6bed4router',
];
/** What lines begin with that are shown as they are. */
const INDENT = '  ';
const PACKAGE = '6bed4';
/** Longest line of a source, with room for what protects it. */
const WIDTH = 76;

/**
 * The man pages of a program: one of itself, and one of each command. Commands of a command are in the page
 * of that.
 *
 * @param others - programs with a page of their own
 */
export function manPages(
  program: CommandPage,
  release: Release,
  others: readonly CommandPage[] = [],
): ManPage[] {
  const all = [program, ...program.commands, ...others];
  return all.map((page) => {
    const seeAlso = all.filter((other) => other !== page).map(reference);
    return { name: `${nameOf(page)}.${sectionOf(page)}`, text: manPage(page, seeAlso, release) };
  });
}

function nameOf({ words }: CommandPage): string {
  return words.join('-');
}

function sectionOf({ words }: CommandPage): number {
  return OF_ADMINISTRATORS.includes(words[1] ?? words[0]) ? 8 : 1;
}

function reference(page: CommandPage): string {
  return `.BR ${nameOf(page)} (${sectionOf(page)})`;
}

function manPage(page: CommandPage, others: readonly string[], { version, date }: Release): string {
  const isProgram = page.words.length === 1 && page.commands.length > 0;
  const lines = [
    `.TH ${nameOf(page).toUpperCase()} ${sectionOf(page)} ${date} "${PACKAGE} ${version}"`,
    '.SH NAME',
    `${escaped(nameOf(page))} \\- ${escaped(page.summary)}`,
    '.SH SYNOPSIS',
    ...synopsis(page),
    '.SH DESCRIPTION',
    ...prose(page.description),
    ...entries('.SH ARGUMENTS', page.arguments),
    ...entries('.SH OPTIONS', page.options),
  ];
  // The commands of the program have pages of their own; a command repeats what is after its commands.
  if (isProgram) lines.push('.SH COMMANDS', ...page.commands.flatMap(commandLines));
  else for (const command of page.commands) lines.push(...subcommand(command));
  const isApart = isProgram || page.commands.length === 0;
  if (isApart) for (const section of page.sections) lines.push(...sectionLines('.SH', section));
  const separated = others.map((other, index) => (index < others.length - 1 ? `${other},` : other));
  lines.push('.SH "SEE ALSO"', ...separated.map(spaced));
  return `${lines.join('\n')}\n`;
}

/** Puts the comma after a reference into the roman part of its line. */
function spaced(line: string): string {
  return line.replace(/\((\d)\),$/, '($1),');
}

function synopsis({ words, usage }: CommandPage): string[] {
  return ['.nf', `\\fB${escaped(words.join(' '))}\\fR ${escaped(usage)}`, '.fi'];
}

function commandLines(page: CommandPage): string[] {
  return ['.TP', reference(page), ...prose(page.summary)];
}

function subcommand(page: CommandPage): string[] {
  const title = `.SH "${page.words.slice(1).join(' ').toUpperCase()}"`;
  const parts = [title, ...synopsis(page), '.PP', ...prose(page.description)];
  parts.push(...entries('.SS Arguments', page.arguments), ...entries('.SS Options', page.options));
  for (const section of page.sections) parts.push(...sectionLines('.SS', section));
  return parts;
}

function entries(heading: string, list: readonly PageEntry[]): string[] {
  if (list.length === 0) return [];
  return [heading, ...list.flatMap(({ term, description }) => entry(term, description))];
}

/** Flags bold, names of values as they are. */
function entry(term: string, description: string): string[] {
  const parts = term.split(/(?<=^|[ ,])(-[\w-]+)/);
  const styled = parts.map((part, index) =>
    index % 2 === 1 ? `\\fB${escaped(part)}\\fR` : escaped(part),
  );
  return ['.TP', styled.join(''), ...prose(description)];
}

function sectionLines(macro: string, { title, lines }: PageSection): string[] {
  const heading = macro === '.SH' ? title.toUpperCase() : title;
  const start = title === '' ? '.PP' : `${macro} "${heading}"`;
  const isShown = lines.every((line) => line.startsWith(INDENT));
  if (!isShown) return [start, ...prose(lines.join(' '))];
  const shown = lines.map((line) => protectedLine(escaped(line.slice(INDENT.length))));
  return [start, '.nf', ...shown, '.fi'];
}

/** Text whose sentences begin new lines, as man(7) wants it. */
function prose(text: string): string[] {
  const sentences = text
    .replace(/\s+/g, ' ')
    .trim()
    .split(/(?<=[.:;]) (?=[A-Z])/);
  return sentences.flatMap((sentence) => wrapped(escaped(sentence))).map(protectedLine);
}

/** Text in lines of at most {@link WIDTH} characters, as far as its words allow. */
function wrapped(text: string): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}

/** A line that troff takes as text whatever it begins with. */
function protectedLine(line: string): string {
  return /^[.']/.test(line) ? `\\&${line}` : line;
}

/** Text in which nothing means something to troff, and which can be copied into a shell. */
function escaped(text: string): string {
  return text
    .replaceAll('\\', '\\(rs')
    .replaceAll('-', '\\-')
    .replaceAll("'", '\\(aq')
    .replaceAll('"', '\\(dq')
    .replaceAll('`', '\\(ga')
    .replaceAll('^', '\\(ha')
    .replaceAll('~', '\\(ti')
    .replaceAll('…', '\\&...');
}
