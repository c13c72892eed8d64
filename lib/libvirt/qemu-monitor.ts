import { invalidArgType, toText } from '../internal/validate.js'
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

interface MonitorReply {
  return?: unknown
  error?: { class?: string; desc?: string }
}

/** The reply's `return` value. libvirt passes QEMU's refusals on as if they were answers: here they throw. */
export function monitorReply(text: string, context: LibvirtErrorContext): unknown {
  const reply = JSON.parse(text) as MonitorReply
  if (reply.error === undefined) return reply.return
  throw new LibvirtError({
    ...context,
    code: 'VIR_ERR_OPERATION_FAILED',
    errno: 9,
    domain: 'VIR_FROM_QEMU',
    level: 'error',
    text: `QEMU answered ${reply.error.class ?? 'an error'}: ${reply.error.desc ?? 'without a reason'}`,
  })
}
