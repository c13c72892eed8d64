/**
 * This file writes numbers as people read them, the same in the terminal and on the page, with three digits that
 * count.
 */

function digits(value: number): string {
  if (value >= 99.95) return value.toFixed(0)
  return value >= 9.995 ? value.toFixed(1) : value.toFixed(2)
}

function scaled(value: number, step: number, units: readonly string[]): string {
  let i = 0
  let rest = value
  // 999.9 would be written as "1000": the next unit is for it.
  while (rest >= step * 0.9995 && i < units.length - 1) {
    rest /= step
    i++
  }
  return `${digits(rest)} ${units[i]}`
}

const byteUnits = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB']

/** `4 KiB`, `1.50 GiB`: whole numbers stay whole. */
export function formatBytes(bytes: number): string {
  for (const [i, unit] of byteUnits.entries()) {
    const value = bytes / 1024 ** i
    if (value < 1024 && Number.isInteger(value)) return `${value} ${unit}`
  }
  return scaled(bytes, 1024, byteUnits)
}

/** `48.2 MiB/s`. */
export function formatBandwidth(bytesPerSecond: number): string {
  return `${scaled(bytesPerSecond, 1024, byteUnits)}/s`
}

/** `12,345`; below 100 with a fraction. */
export function formatCount(value: number): string {
  if (value < 100 && !Number.isInteger(value)) return digits(value)
  return String(Math.round(value)).replaceAll(/\B(?=(\d{3})+$)/g, ',')
}

/** Writes a number for axes and narrow places: `12.3k`. */
export function formatShort(value: number): string {
  const i = value < 999.5 ? 0 : value < 999.5e3 ? 1 : value < 999.5e6 ? 2 : 3
  return `${Number((value / 1000 ** i).toPrecision(3))}${['', 'k', 'M', 'G'][i]}`
}

/** A latency: `812 ns`, `23.4 us`, `1.20 ms`, `2.31 s`. */
export function formatLatency(ns: number): string {
  return scaled(ns, 1000, ['ns', 'us', 'ms', 's'])
}

/** Puts in the micro sign, which a terminal may not have. */
export function micro(text: string): string {
  return text.replace(/ us$/, ' \u00b5s')
}

/** A duration: `4.2 s`, `90 s`, `12 min 5 s`, `3 h 0 min`. */
export function formatSeconds(seconds: number): string {
  if (seconds < 60) return `${Number(seconds.toFixed(1))} s`
  const whole = Math.round(seconds)
  if (whole < 120) return `${whole} s`
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`
}

/** A date and time of this machine's zone: `2026-05-01 13:37:00`. */
export function formatTime(date: Date): string {
  return date.toLocaleString('sv')
}

/** A ratio: `1.06x`. */
export function formatRatio(ratio: number): string {
  return `${ratio >= 100 ? ratio.toFixed(0) : ratio.toFixed(2)}x`
}

/** A percentile's name: `p50`, `p99.9`. */
export function formatPercentile(percent: number): string {
  return `p${Number(percent.toFixed(6))}`
}

/** Makes a text fit for a terminal: a name that another user chose must not move the cursor or change what is read. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is replaced
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '?')
}

/** With a capital letter: for a heading. */
export function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
