import type { Shell } from '../options/choices.js';
import type { CommandPage, PageEntry } from './commandPage.js';

/** Where a shell looks for the completion of a program: the name of its file. */
export const COMPLETION_FILES: Readonly<Record<Shell, string>> = {
  bash: '6bed4',
  zsh: '_6bed4',
  fish: '6bed4.fish',
};

const MAKERS: Readonly<Record<Shell, (program: CommandPage) => string>> = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
};

/**
 * A script by which a shell completes the commands and options of a program, and the values of options
 * that are among a few words or paths. It starts no program itself.
 */
export function completion(shell: Shell, program: CommandPage): string {
  return MAKERS[shell](program);
}

/** A command and all commands below it. */
function withSubcommands(page: CommandPage): CommandPage[] {
  return [page, ...page.commands.flatMap(withSubcommands)];
}

const named = ({ words }: CommandPage): string => words.at(-1)!;
const flagsOf = ({ options }: CommandPage): string =>
  options.flatMap(({ flags }) => flags).join(' ');

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function bashCompletion(program: CommandPage): string {
  const pages = withSubcommands(program);
  const words = pages.map((page) => {
    const commands = page.commands.map(named).join(' ');
    return `    ${quoted(page.words.join(' '))}) commands=${quoted(commands)} flags=${quoted(flagsOf(page))} ;;`;
  });
  const cases = pages.flatMap((page) => page.options.flatMap((option) => bashValue(page, option)));
  const args = pages.flatMap((page) => page.arguments.flatMap((one) => bashArgument(page, one)));
  return `# bash completion for 6bed4
_6bed4() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]}
  local path=6bed4 commands= flags= word
  COMPREPLY=()
  # An option and its value may be one word, which bash takes apart at the equals sign.
  if [[ $cur == '=' ]]; then cur=; elif [[ $prev == '=' ]]; then prev=\${COMP_WORDS[COMP_CWORD-2]}; fi
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$path $word" in
${pages
  .slice(1)
  .map((page) => `      ${quoted(page.words.join(' '))}) path+=" $word" ;;`)
  .join('\n')}
    esac
  done
  case $path in
${words.join('\n')}
  esac
  case "$path $prev" in
${cases.join('\n')}
  esac
  if [[ $cur == -* ]]; then
    COMPREPLY=($(compgen -W "$flags" -- "$cur"))
  elif [[ -n $commands ]]; then
    COMPREPLY=($(compgen -W "$commands" -- "$cur"))
  else
    case $path in
${args.join('\n')}
      *) ;;
    esac
  fi
}
complete -F _6bed4 6bed4
`;
}

function bashValue(page: CommandPage, { flags, value, choices, isPath }: PageEntry): string[] {
  if (value !== 'required') return [];
  const pattern = flags.map((flag) => quoted(`${page.words.join(' ')} ${flag}`)).join('|');
  return [`    ${pattern}) ${bashWords(choices, isPath)}return ;;`];
}

function bashArgument(page: CommandPage, { choices, isPath }: PageEntry): string[] {
  if (choices.length === 0 && !isPath) return [];
  return [`      ${quoted(page.words.join(' '))}) ${bashWords(choices, isPath)};;`];
}

function bashWords(choices: readonly string[], isPath: boolean): string {
  if (isPath) return 'compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- "$cur")); ';
  if (choices.length === 0) return '';
  return `COMPREPLY=($(compgen -W ${quoted(choices.join(' '))} -- "$cur")); `;
}

function zshCompletion(program: CommandPage): string {
  const functions = withSubcommands(program).map(zshFunction);
  return `#compdef 6bed4
# zsh completion for 6bed4

${functions.join('\n\n')}

if [ "$funcstack[1]" = "_6bed4" ]; then
  _6bed4 "$@"
else
  compdef _6bed4 6bed4
fi
`;
}

const zshName = ({ words }: CommandPage): string => `_${words.join('_').replaceAll('-', '_')}`;

function zshFunction(page: CommandPage): string {
  const specs = [...page.options.flatMap(zshOption), ...page.arguments.map(zshArgument)];
  const lines = specs.map((spec) => `    ${quoted(spec)} \\`);
  if (page.commands.length === 0) {
    return `${zshName(page)}() {\n  _arguments -s \\\n${lines.join('\n')}\n    && return\n}`;
  }
  const choices = page.commands.map(
    (one) => `      ${quoted(`${named(one)}:${one.summary.replaceAll(':', '\\:')}`)}`,
  );
  const cases = page.commands.map((one) => `        ${named(one)}) ${zshName(one)} ;;`);
  return `${zshName(page)}() {
  local curcontext=$curcontext state line
  typeset -A opt_args
  local -a commands
  _arguments -C \\
${lines.join('\n')}
    '1: :->command' '*:: :->rest' && return
  case $state in
    command)
      commands=(
${choices.join('\n')}
      )
      _describe command commands
      ;;
    rest)
      case $line[1] in
${cases.join('\n')}
      esac
      ;;
  esac
}`;
}

function zshOption({ flags, description, value, choices, isPath }: PageEntry): string[] {
  const text = description.replaceAll('\\', '\\\\').replaceAll('[', '\\[').replaceAll(']', '\\]');
  const action = zshAction(choices, isPath);
  const suffix = { none: '', required: `:value:${action}`, optional: `::value:${action}` }[value];
  return flags.map((flag) => `*${flag}[${text}]${suffix}`);
}

function zshArgument({ choices, isPath, term, value }: PageEntry): string {
  const position = term.endsWith('...>') || term.endsWith('...]') ? '*' : '';
  const optional = value === 'optional' && position === '' ? ':' : '';
  // Without the guard, zsh would not insert an option that it knows, since the argument could come as well.
  const isFree = choices.length === 0 && !isPath;
  const action = isFree ? '_guard "^-*" value' : zshAction(choices, isPath);
  return `${position}${optional}:value:${action}`;
}

function zshAction(choices: readonly string[], isPath: boolean): string {
  if (isPath) return '_files';
  return choices.length === 0 ? ' ' : `(${choices.join(' ')})`;
}

function fishCompletion(program: CommandPage): string {
  const lines = withSubcommands(program).flatMap(fishLines);
  return `# fish completion for 6bed4
complete -c 6bed4 -f
${lines.join('\n')}
`;
}

function fishLines(page: CommandPage): string[] {
  const names = page.commands.map(named).join(' ');
  const inside = page.words.slice(1).map((word) => `__fish_seen_subcommand_from ${word}`);
  const outside = names === '' ? [] : [`not __fish_seen_subcommand_from ${names}`];
  const when = `-n ${quoted([...inside, ...outside].join('; and '))}`;
  const commands = page.commands.map(
    (one) => `complete -c 6bed4 ${when} -a ${named(one)} -d ${quoted(one.summary)}`,
  );
  const args = page.arguments.flatMap(({ choices, isPath }) =>
    choices.length === 0 && !isPath
      ? []
      : [`complete -c 6bed4 ${when}${fishWords(choices, isPath)}`],
  );
  return [...commands, ...args, ...page.options.map((option) => fishOption(when, option))];
}

function fishOption(
  when: string,
  { flags, description, value, choices, isPath }: PageEntry,
): string {
  const names = flags.map((flag) =>
    flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`,
  );
  const values =
    value === 'required' ? ` ${isPath ? '-r' : '-x'}${fishWords(choices, isPath)}` : '';
  return `complete -c 6bed4 ${when} ${names.join(' ')}${values} -d ${quoted(description)}`;
}

function fishWords(choices: readonly string[], isPath: boolean): string {
  if (isPath) return ' -F';
  return choices.length === 0 ? '' : ` -a ${quoted(choices.join(' '))}`;
}
