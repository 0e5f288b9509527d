import type { Command } from 'commander';
import { commandPage } from '../help/commandPage.js';
import { completion } from '../help/completion.js';
import { SHELL_LIST, type Shell, shell } from '../options/choices.js';
import { write } from '../output/print.js';

const EXAMPLES = `
Examples:
  # for this user, from the next shell on
  6bed4 completion bash > ~/.local/share/bash-completion/completions/6bed4
  6bed4 completion fish > ~/.config/fish/completions/6bed4.fish
  # zsh: a folder that is in $fpath
  6bed4 completion zsh > ~/.zfunc/_6bed4`;

/** `6bed4 completion` */
export function addCompletionCommand(program: Command): void {
  program
    .command('completion')
    .summary('print the completion of commands and options for a shell')
    .description('Prints a script by which a shell completes the commands and options of 6bed4.')
    .argument('<SHELL>', SHELL_LIST, shell)
    .addHelpText('after', EXAMPLES)
    .action((name: Shell) => write(completion(name, commandPage(program))));
}
