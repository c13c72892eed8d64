/** This file makes the script for bash that completes `rbdkit` from the commands themselves. */

import type { Command, Option } from 'commander'
import { optionsBefore } from '../options/command-first.js'

/** What comes after one command's words, as an arm of a bash `case`. */
interface Node {
  readonly path: string
  readonly commands: readonly string[]
  /** Those and their aliases. */
  readonly known: readonly string[]
  readonly options: readonly string[]
  /** Those that take a value. */
  readonly valued: readonly string[]
  readonly files: readonly string[]
  readonly pools: readonly string[]
  /** `--rw=read,write` */
  readonly choices: readonly string[]
  /** The names of its operands: `image-spec`, `path`. */
  readonly operands: readonly string[]
}

function spellings(options: readonly Option[]): string[] {
  return options.flatMap(({ short, long }) => [short, long].filter((one) => one !== undefined))
}

/** Options whose value is called `<file>`, `<pool>`. */
function taking(options: readonly Option[], value: string): string[] {
  return spellings(options.filter(({ flags }) => flags.endsWith(`<${value}>`)))
}

function nodesOf(command: Command, path: string): Node[] {
  const options = [...command.options, ...optionsBefore(path)].filter(({ hidden }) => !hidden)
  const below = command.commands.filter((one) => one.name() !== 'names')
  const node: Node = {
    path,
    commands: below.map((one) => one.name()),
    known: below.flatMap((one) => [one.name(), ...one.aliases()]),
    options: [...options.map(({ long, short }) => long ?? short ?? ''), '--help'],
    valued: spellings(options.filter(({ required }) => required)),
    files: taking(options, 'file'),
    pools: taking(options, 'pool'),
    choices: options.flatMap(({ long, argChoices }) =>
      argChoices ? [`${long}=${argChoices.join(',')}`] : [],
    ),
    operands: command.registeredArguments.map((one) => (one.variadic ? `${one.name()}...` : one.name())),
  }
  return [
    node,
    ...below.flatMap((one) =>
      [one.name(), ...one.aliases()].flatMap((name) => nodesOf(one, path === '' ? name : `${path} ${name}`)),
    ),
  ]
}

function arm({ path, ...lists }: Node): string {
  const set = Object.entries(lists).map(([name, words]) => `${name}='${words.join(' ')}'`)
  return `    '${path}') ${set.join(' ')} ;;\n`
}

/** The script for a program with all of its commands. */
export function bashScript(program: Command): string {
  return `# bash completion for rbdkit: source <(rbdkit completion bash)

_rbdkit_command() {
  case $1 in
${nodesOf(program, '').map(arm).join('')}  esac
}

_rbdkit() {
  local line=\${COMP_LINE:0:COMP_POINT} current= word path= expects= commands known options valued files pools choices operands
  local -a words connection=() kinds found=()
  # Not COMP_WORDS: bash breaks image@snapshot and --option=value up.
  read -ra words <<<"$line"
  if [[ $line != *' ' ]]; then
    current=\${words[-1]}
    unset 'words[-1]'
  fi
  local program=\${words[0]} operand=0
  _rbdkit_command ''
  for word in "\${words[@]:1}"; do
    if [[ -n $expects ]]; then
      case $expects in
        -c | --conf | --id | --user | -n | --name | --cluster | -k | --keyring | -K | --keyfile | -m | --mon-host | \\
          --ceph-option | -p | --pool | --namespace | --connect)
          connection+=("$expects" "$word") ;;
      esac
      expects=
    elif [[ $word == -* ]]; then
      if [[ " $valued " == *" $word "* ]]; then
        expects=$word
      else
        case $word in
          --conf=* | --id=* | --user=* | --name=* | --cluster=* | --keyring=* | --keyfile=* | --mon-host=* | \\
            --ceph-option=* | --pool=* | --namespace=* | --connect=*)
            connection+=("$word") ;;
        esac
      fi
    elif [[ $operand -eq 0 && " $known " == *" $word "* ]]; then
      path+=\${path:+ }$word
      _rbdkit_command "$path"
    else
      operand=$((operand + 1))
    fi
  done

  COMPREPLY=()
  local kind=
  read -ra kinds <<<"$operands"
  if [[ -n $expects ]]; then
    [[ " $files " == *" $expects "* ]] && kind=path
    [[ " $pools " == *" $expects "* ]] && kind=pool-spec
    for word in $choices; do
      [[ $word == "$expects="* ]] || continue
      word=\${word#*=}
      mapfile -t COMPREPLY < <(compgen -W "\${word//,/ }" -- "$current")
    done
  elif [[ $current == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current")
  else
    [[ $operand -eq 0 ]] && mapfile -t COMPREPLY < <(compgen -W "$commands" -- "$current")
    # One more than there are: the last one may be given again (...).
    local last=$((\${#kinds[@]} - 1))
    [[ $last -ge 0 ]] && kind=\${kinds[operand > last ? last : operand]}
    [[ $operand -gt $last && $kind != *... ]] && kind=
  fi

  # compare's: an image, unless it looks like a path.
  if [[ $kind == disk[12] ]]; then
    kind=image-spec
    [[ $current =~ ^\\.{0,2}/ ]] && kind=path
  fi
  case \${kind%...} in
    *path | files)
      compopt -o filenames 2>/dev/null
      mapfile -t found < <(compgen -f -- "$current") ;;
    *image-spec | *snap-spec | *group-spec | image-id | pool-spec | images | pool | domain)
      mapfile -t found < <("$program" completion names "\${kind%...}" "\${connection[@]}" -- "$current" 2>/dev/null)
      [[ \${#found[@]} -eq 1 && \${found[0]} == *[/@] ]] && compopt -o nospace 2>/dev/null
      # readline replaces what begins with the '@' only.
      [[ $current == *@* && $COMP_WORDBREAKS == *@* ]] && found=("\${found[@]#"\${current%@*}"}") ;;
  esac
  COMPREPLY+=("\${found[@]}")
}

complete -F _rbdkit rbdkit
`
}
