import type { ReferenceCommand } from '../reference/optionTable.js';
import type { CommandPage } from './commandPage.js';

/** A command with the options of the C implementation, for its man page. */
export function referencePage({
  name,
  command,
  summary,
  usage,
  options,
}: ReferenceCommand): CommandPage {
  return {
    words: [name],
    summary: summary.replace(/\.$/, ''),
    description: `${summary} Takes all options of "6bed4 ${command}" as well.`,
    usage: usage.join('\n'),
    arguments: [],
    options: options
      // Those without help are other letters of the same.
      .filter(({ help }) => help !== '')
      .map(({ short, long, value, help }) => ({
        term: `-${short}, --${long[0]}${value === undefined ? '' : ` <${value}>`}`,
        description: help,
        flags: [`-${short}`, ...long.map((one) => `--${one}`)],
        value: value === undefined ? 'none' : 'required',
        choices: [],
        isPath: false,
      })),
    sections: [],
    commands: [],
  };
}
