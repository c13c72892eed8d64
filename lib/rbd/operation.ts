import { constants } from 'node:os'
import type { ErrorObject } from '../errors.js'
import type { TaskOptions } from '../internal/dispatcher.js'
import type { Task } from '../internal/native/core.js'
import type { Resource } from '../internal/resource.js'
import { throwUncaught } from '../internal/uncaught.js'
import { invalidArgType, type Known, toOptions, toSignal } from '../internal/validate.js'
import type { OperationOptions, OperationProgress } from './handle.js'

/** The options of every long operation. */
export const operationOptions: Known<OperationOptions> = { onProgress: ['progress'], signal: true }

/** Runs a long operation of librbd with progress and a signal. The last progress is the end, also of a short one. */
export function runOperation<A extends unknown[], R, O extends OperationOptions>(
  owner: Resource,
  call: Task<[number, ...A], R>,
  options: O | undefined,
  known: Known<NoInfer<O>>,
  object: ErrorObject,
  ...args: A
): Promise<R> {
  return run(owner, call, options, known, object, 'leave', args)
}

/** The same of one that librbd cannot end: an abort rejects at once, and it goes on without its caller. */
export function runUnstoppable<A extends unknown[], R, O extends OperationOptions>(
  owner: Resource,
  call: Task<[number, ...A], R>,
  options: O | undefined,
  known: Known<NoInfer<O>>,
  object: ErrorObject,
  ...args: A
): Promise<R> {
  return run(owner, call, options, known, object, 'abandon', args)
}

async function run<A extends unknown[], R, O extends OperationOptions>(
  owner: Resource,
  call: Task<[number, ...A], R>,
  options: O | undefined,
  known: Known<NoInfer<O>>,
  object: ErrorObject,
  onAbort: 'leave' | 'abandon',
  args: A,
): Promise<R> {
  const { onProgress, signal } = toOptions('options', options, known)
  if (onProgress !== undefined && typeof onProgress !== 'function') {
    throw invalidArgType('options.onProgress', 'of type function', onProgress)
  }
  let last: OperationProgress | undefined
  const task: TaskOptions = {
    object,
    signal: toSignal(signal),
    onAbort,
    left: () => {
      const about = owner.makeError(
        -constants.errno.ECANCELED,
        call.name,
        'aborted, and it has not ended yet',
        object,
      )
      process.emitWarning(about.message, { code: 'RBDKIT_LEFT_BEHIND' })
    },
    onProgress:
      onProgress &&
      (([done, total]: [number, number]) => {
        last = { done, total }
        onProgress(last)
      }),
  }
  const result = await owner.callWith(call, task, ...args)
  if (last !== undefined && last.done < last.total) {
    try {
      onProgress?.({ done: last.total, total: last.total })
    } catch (error) {
      throwUncaught(error) // the operation is done, whatever its listener makes of that
    }
  }
  return result
}
