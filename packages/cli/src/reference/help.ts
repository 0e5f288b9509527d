import type { ReferenceCommand, ReferenceOption } from './optionTable.js';
import { COMMON_OPTIONS } from './translate.js';

const LEFT = 36;

/** What `--help` of a C command prints. */
export function helpOf({ name, command, summary, usage, options }: ReferenceCommand): string {
  const lines = options.filter(({ help }) => help !== '').map(line);
  return [
    `Usage: ${name} ${usage.join(`\n       ${' '.repeat(name.length)} `)}`,
    '',
    summary,
    '',
    'Options:',
    ...lines,
    ...COMMON_OPTIONS.map(line),
    '',
    `All options of "6bed4 ${command}" can be given, too: see "6bed4 ${command} --help".`,
    '',
  ].join('\n');
}

function line({ short, long, value, help }: ReferenceOption): string {
  const names = `-${short}, --${long[0]}${value === undefined ? '' : ` <${value}>`}`;
  return `  ${names.padEnd(LEFT)}${help}`;
}
