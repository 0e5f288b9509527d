import type { ReferenceCommand, ReferenceOption } from './optionTable.js';

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
    line({ short: 'h', long: ['help'], help: 'show this help' }),
    '',
    `All options of "6bed4 ${command}" can be given, too: see "6bed4 ${command} --help".`,
    '',
  ].join('\n');
}

function line({ short, long, value, help }: ReferenceOption): string {
  const names = `-${short}, --${long[0]}${value === undefined ? '' : ` <${value}>`}`;
  return `  ${names.padEnd(LEFT)}${help}`;
}
