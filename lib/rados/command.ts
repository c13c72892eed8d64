import { constants } from 'node:os'
import type { CallOptions } from '../internal/call-options.js'
import type { NativeAnswer } from '../internal/native/rados.js'
import { invalidArgType, invalidArgValue, toOptions } from '../internal/validate.js'

/**
 * A Ceph command: its prefix and its arguments, as `ceph --verbose` shows them.
 *
 * @since 0.1.0
 */
export interface Command {
  prefix: string
  [argument: string]: string | number | boolean | readonly (string | number)[]
}

/**
 * How a command is run.
 *
 * @since 0.1.0
 */
export interface CommandOptions extends CallOptions {
  /** Data for commands that read a file (`-i`): a keyring, a CRUSH map. */
  input?: Uint8Array
  /** `'text'` gives the output as it is. Default `'json'`: asked for and parsed. */
  format?: 'json' | 'text'
  /**
   * Called with what the command says to people beside its output, which the `ceph` command prints on stderr:
   * `"pool 'images' created"`. Not called when it says nothing.
   */
  onStatus?: (text: string) => void
}

/** Runs `command` through `run` and reads its answer. */
export async function runCommand<T>(
  run: (text: string, input: Uint8Array) => Promise<NativeAnswer>,
  command: Command,
  options: CommandOptions | undefined,
  makeError: (errno: number, detail: string) => Error,
): Promise<T> {
  if (typeof command !== 'object' || command === null)
    throw invalidArgType('command', 'of type object', command)
  if (typeof command.prefix !== 'string')
    throw invalidArgType('command.prefix', 'of type string', command.prefix)
  const {
    input = new Uint8Array(),
    format = 'json',
    onStatus,
  } = toOptions('options', options, {
    input: ['i', 'inbuf'],
    signal: true,
    format: true,
    onStatus: ['status', 'outs', 'info'],
  })
  if (!(input instanceof Uint8Array))
    throw invalidArgType('options.input', 'an instance of Uint8Array', input)
  if (format !== 'json' && format !== 'text')
    throw invalidArgValue('options.format', "must be 'json' or 'text'")
  if (onStatus !== undefined && typeof onStatus !== 'function')
    throw invalidArgType('options.onStatus', 'of type function', onStatus)
  const text = JSON.stringify(format === 'json' ? { format: 'json', ...command } : command)
  const { output, status } = await run(text, input)
  if (status !== '') onStatus?.(status)
  const answer = output.toString('utf8')
  if (format === 'text') return answer as T
  if (answer.trim() === '') return undefined as T
  try {
    return JSON.parse(answer) as T
  } catch {
    // Not JSON.parse()'s own error: it quotes the text, which may be a secret.
    throw makeError(
      -constants.errno.EBADMSG,
      `the answer to '${command.prefix}' is not JSON: ask with format 'text'`,
    )
  }
}
