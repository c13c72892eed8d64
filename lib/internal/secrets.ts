/**
 * This file finds keys of Ceph's users in text. It knows them by their structure, never by length or by how they
 * begin.
 */

/**
 * Whether it is the base64 text of a key. Source: Ceph's CryptoKey: type (16 bits), time of creation (seconds and
 * nanoseconds, 32 bits each), length (16 bits), and a secret of just this length; all little-endian.
 */
export function isKey(text: string): boolean {
  const bytes = Buffer.from(text, 'base64')
  return (
    /^[A-Za-z0-9+/]+={0,2}$/.test(text) && bytes.length > 12 && bytes.length === 12 + bytes.readUInt16LE(10)
  )
}

/** Fewer than one in 10^8 texts that are no keys: what is tried at each place of a word must not hit by chance. */
function isLikelyKey(text: string): boolean {
  const bytes = Buffer.from(text, 'base64')
  return isKey(text) && bytes.readUInt16LE(0) < 256 && bytes.readUInt32LE(6) < 1e9
}

/** The text with `<key>` for each key in it, also for one at the end of a path: base64 has the '/' too. */
export function withoutKeys(text: string): string {
  return text.replaceAll(/[A-Za-z0-9+/]{18,}={0,2}/g, (word) => {
    for (let from = 0; word.length - from >= 18; from++) {
      if (from === 0 ? isKey(word) : isLikelyKey(word.slice(from))) return `${word.slice(0, from)}<key>`
    }
    return word
  })
}
