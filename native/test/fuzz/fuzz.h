// Every fuzzer states what its parser promises by FUZZ_CHECK().
#ifndef RBDKIT_TEST_FUZZ_FUZZ_H_
#define RBDKIT_TEST_FUZZ_FUZZ_H_

#include <cstdio>
#include <cstdlib>

// FUZZ_CHECK() is a promise of a parser. When the parser breaks it, libFuzzer keeps the input.
#define FUZZ_CHECK(condition)                                                                   \
  do {                                                                                          \
    if (!(condition)) {                                                                         \
      fprintf(stderr, "%s:%d: FUZZ_CHECK(%s) does not hold\n", __FILE__, __LINE__, #condition); \
      abort();                                                                                  \
    }                                                                                           \
  } while (false)

#endif  // RBDKIT_TEST_FUZZ_FUZZ_H_
