/** The sides of most cases; the first is what the others are compared with. */
export const usual = ['fio', 'rbdkit-promises', 'rbdkit-engine']

/** 4 KiB blocks anywhere. */
export const random4k = (operation, depth) => ({ operation, pattern: 'random', blockSize: 4096, depth })

/** Whole objects one after the other. */
export const sequential4m = (operation, depth) => ({
  operation,
  pattern: 'sequential',
  blockSize: 4 * 2 ** 20,
  depth,
})
