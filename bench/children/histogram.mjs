// Latencies in fio's buckets (64 to a power of two, so a value is at most 0.8 % off), cheap enough for each operation.

const perGroup = 64
const groups = 32

export class Histogram {
  #counts = new Uint32Array(groups * perGroup)
  #sum = 0
  #max = 0
  #min = Number.POSITIVE_INFINITY
  count = 0

  /** Nanoseconds; above 4.29 s it lands in the last bucket, and `max` still has it. */
  add(ns) {
    this.count++
    this.#sum += ns
    if (ns > this.#max) this.#max = ns
    if (ns < this.#min) this.#min = ns
    const value = ns > 0xffffffff ? 0xffffffff : ns >>> 0
    const shift = 25 - Math.clz32(value | 1) // 0 and less: below 128 ns every value has its bucket
    if (shift <= 0) this.#counts[value]++
    else this.#counts[shift * perGroup + (value >>> shift)]++
  }

  /** The middle of the bucket in which the `percent` smallest end. */
  percentile(percent) {
    const wanted = Math.max(1, Math.ceil((this.count * percent) / 100))
    let seen = 0
    for (let i = 0; i < this.#counts.length; i++) {
      seen += this.#counts[i]
      if (seen < wanted) continue
      if (i < 2 * perGroup) return i
      const shift = Math.floor(i / perGroup) - 1
      return (i - shift * perGroup + 0.5) * 2 ** shift
    }
    return this.#max
  }

  /** As fio's `lat_ns`, in nanoseconds. */
  summary() {
    if (this.count === 0) return null
    const [p50, p99, p999] = [50, 99, 99.9].map((percent) => this.percentile(percent))
    return { min: this.#min, mean: this.#sum / this.count, p50, p99, p999, max: this.#max }
  }
}
