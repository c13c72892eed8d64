/** This file maps values to places on an axis: 0 at its beginning, 1 at its end. */

/** An axis and its marks. */
export interface Scale {
  readonly ticks: readonly { readonly at: number; readonly label: string }[]
  readonly place: (value: number) => number
}

/** Makes a scale from 0 to a round number above `max`. */
export function linearScale(max: number, format: (value: number) => string, count = 4): Scale {
  const rough = (max > 0 ? max : 1) / count
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((one) => one >= rough) ?? rough
  const steps = Math.max(1, Math.ceil((max > 0 ? max : 1) / step))
  const end = steps * step
  const ticks = Array.from({ length: steps + 1 }, (_, i) => ({ at: i / steps, label: format(i * step) }))
  return { ticks, place: (value) => value / end }
}

/** Makes a scale as {@link linearScale} does, with marks that are round in KiB, MiB, ... */
export function byteScale(max: number, format: (value: number) => string): Scale {
  const unit = 1024 ** Math.floor(Math.log2(Math.max(1, max)) / 10)
  const { ticks, place } = linearScale(max / unit, (value) => format(value * unit))
  return { ticks, place: (value) => place(value / unit) }
}

/** Logarithmic, from below `min` to above `max`; marks at 1, 2 and 5 where decades are few. */
export function logScale(min: number, max: number, format: (value: number) => string): Scale {
  const low = Math.max(min, 1)
  const high = Math.max(max, low * 1.01)
  const decades = Math.log10(high / low)
  const factors = decades > 4 ? [1] : decades > 1.5 ? [1, 3] : [1, 2, 5]
  const marks: number[] = []
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++) {
    for (const factor of factors) marks.push(factor * 10 ** power)
  }
  const start = marks.findLast((mark) => mark <= low) ?? low
  const end = marks.find((mark) => mark >= high) ?? high
  const place = (value: number): number =>
    Math.log10(Math.max(value, start) / start) / Math.log10(end / start)
  const shown = marks.filter((mark) => mark >= start && mark <= end)
  return { ticks: shown.map((mark) => ({ at: place(mark), label: format(mark) })), place }
}

const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200, 86_400]

/** Seconds from 0 to `end` exactly; marks at round times. */
export function timeScale(end: number): Scale {
  const span = end > 0 ? end : 1
  const step = steps.find((one) => span / one <= 6) ?? 86_400 * Math.ceil(span / 86_400 / 6)
  const unit = step >= 3600 ? 3600 : step >= 60 ? 60 : 1
  const name = { 1: 's', 60: 'min', 3600: 'h' }[unit]
  const ticks = Array.from({ length: Math.floor(span / step) + 1 }, (_, i) => ({
    at: (i * step) / span,
    label: `${Number(((i * step) / unit).toFixed(2))} ${name}`,
  }))
  return { ticks, place: (value) => value / span }
}
