/**
 * Listens to the callers' signals: a signal has one listener of ours, however many operations it belongs to. Node takes more
 * than ten for a leak and warns of them, and each of them costs. JavaScript thread.
 */
const listeners = new WeakMap<AbortSignal, Set<() => void>>()

/** Calls `listener` once `signal`, which is not aborted, is. What it gives takes the listener back. */
export function onAbort(signal: AbortSignal, listener: () => void): () => void {
  const all = listeners.get(signal) ?? listen(signal)
  all.add(listener)
  return () => {
    // A signal that somebody listens to is kept as long as those that it follows (AbortSignal.any()).
    if (all.delete(listener) && all.size === 0) unlisten(signal)
  }
}

const tell = ({ target }: Event): void => {
  const all = listeners.get(target as AbortSignal)
  unlisten(target as AbortSignal)
  for (const listener of [...(all ?? [])]) listener()
}

function listen(signal: AbortSignal): Set<() => void> {
  const all = new Set<() => void>()
  listeners.set(signal, all)
  signal.addEventListener('abort', tell)
  return all
}

function unlisten(signal: AbortSignal): void {
  listeners.delete(signal)
  signal.removeEventListener('abort', tell)
}
