// Figures as text.

/** Digits in groups of three, as in prose. */
export function number(value, digits) {
  const [whole, fraction] = value.toFixed(digits).split('.')
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ' ')
  return fraction === undefined ? grouped : `${grouped}.${fraction}`
}

/** `12.3 (11.0 to 13.1)`. */
export const range = ({ median, min, max, values }, digits) =>
  values.length === 1
    ? number(median, digits)
    : `${number(median, digits)} (${number(min, digits)} to ${number(max, digits)})`
