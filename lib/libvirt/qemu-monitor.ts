import { closeSync } from 'node:fs'
import { invalidArgType, toSize, toText } from '../internal/validate.js'
import { LibvirtError, type LibvirtErrorContext } from './errors.js'

/**
 * A QMP command: `{ execute: 'human-monitor-command', arguments: { 'command-line': 'info block' } }`.
 *
 * @since 0.1.0
 */
export interface QmpCommand {
  execute: string
  arguments?: Readonly<Record<string, unknown>>
}

/** The command's JSON text; a plain string is a command without arguments. */
export function toMonitorCommand(command: unknown): string {
  if (typeof command === 'string') return JSON.stringify({ execute: toText('command', command) })
  if (typeof command !== 'object' || command === null || !('execute' in command)) {
    throw invalidArgType('command', 'of type string or an object with "execute"', command)
  }
  return JSON.stringify({ ...command, execute: toText('command.execute', command.execute) })
}

/** Numbers of open files. */
export function toDescriptors(descriptors: unknown): number[] {
  if (!Array.isArray(descriptors)) throw invalidArgType('descriptors', 'an array of numbers', descriptors)
  return descriptors.map((one, index) => toSize(`descriptors[${index}]`, one, 0, 2 ** 31 - 1))
}

interface MonitorReply {
  return?: unknown
  error?: { class?: string; desc?: string }
}

/**
 * The reply's `return` value. libvirt passes QEMU's refusals on as if they were answers: here they throw, and files that
 * came with one are closed, since nobody hears of them.
 */
export function monitorReply(
  text: string,
  context: LibvirtErrorContext,
  descriptors: readonly number[] = [],
): unknown {
  const reply = JSON.parse(text) as MonitorReply
  if (reply.error === undefined) return reply.return
  for (const descriptor of descriptors) closeSync(descriptor)
  throw new LibvirtError({
    ...context,
    code: 'VIR_ERR_OPERATION_FAILED',
    errno: 9,
    domain: 'VIR_FROM_QEMU',
    level: 'error',
    text: `QEMU answered ${reply.error.class ?? 'an error'}: ${reply.error.desc ?? 'without a reason'}`,
  })
}
