import type { TaskOptions } from '../internal/dispatcher.js'
import { invalidArgType, toOptions, toSignal } from '../internal/validate.js'
import type { OperationOptions } from './handle.js'

/** Checks the options of a long operation and puts them as the dispatcher takes them. */
export function toTask(options: OperationOptions | undefined): TaskOptions {
  const { onProgress, signal } = toOptions('options', options)
  if (onProgress !== undefined && typeof onProgress !== 'function') {
    throw invalidArgType('options.onProgress', 'of type function', onProgress)
  }
  return {
    signal: toSignal(signal),
    onAbort: 'cancel',
    onProgress: onProgress && (([done, total]: [number, number]) => onProgress({ done, total })),
  }
}
