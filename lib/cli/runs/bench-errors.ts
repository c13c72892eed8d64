/**
 * This file puts errors of `bench()` into the words of the command line, with the flag instead of the library's
 * option.
 */

const flags: Readonly<Record<string, string>> = {
  operation: '--rw',
  readPercent: '--rwmixread',
  pattern: '--pattern',
  distribution: '--random-distribution',
  blockSize: '--bs',
  depth: '--iodepth',
  rate: '--rate-iops',
  runtime: '--runtime',
  bytes: '--io-size',
  warmup: '--ramp-time',
  flushEvery: '--fsync',
  compressible: '--buffer-compress-percentage',
  verify: '--verify',
  seed: '--randseed',
}

/** What the error says. */
export function messageFor(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return text
    .replaceAll('`destructive: true`', '--destructive')
    .replaceAll('`allowUnallocated: true`', '--allow-unallocated')
    .replace(
      "(operation 'write', pattern 'sequential', bytes: its size)",
      '(--rw write --bs 4m --io-size <its size> --destructive)',
    )
    .replaceAll(/"options\.(\w+)[^"]*"/g, (all, name: string) => flags[name] ?? all)
}
