/* Preloaded into a child: ends it with SIGKILL at one exact call of one function, of librados, librbd or libc.
 *   RBDKIT_KILL_AT=rbd_rename:1:before    or :after
 * The addon finds Ceph's functions by dlsym(), so that is what is taken over. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* Six integer arguments, as the functions that are named have at most; longs carry ints and pointers alike. */
typedef long (*call_t)(long, long, long, long, long, long);
typedef void *(*dlsym_t)(void *, const char *);

static long calls;

/* What follows the colon after `name` in the variable, when it is this function's turn to be watched. */
static const char *watched(const char *name) {
  const char *at = getenv("RBDKIT_KILL_AT");
  size_t length = strlen(name);
  if (at == NULL || strncmp(at, name, length) != 0 || at[length] != ':') return NULL;
  return at + length + 1;
}

static long call(const char *which, call_t real, long a, long b, long c, long d, long e, long f) {
  int now = __sync_add_and_fetch(&calls, 1) == atol(which);
  int after = strstr(which, ":after") != NULL;
  if (now && !after) raise(SIGKILL);
  long result = real(a, b, c, d, e, f);
  if (now) raise(SIGKILL);
  return result;
}

static dlsym_t real_dlsym(void) {
  static const char *const versions[] = {"GLIBC_2.34", "GLIBC_2.2.5", "GLIBC_2.17"};
  dlsym_t found = NULL;
  for (int i = 0; i < 3 && found == NULL; i++) found = (dlsym_t)dlvsym(RTLD_NEXT, "dlsym", versions[i]);
  return found;
}

static call_t ceph_call;
static const char *ceph_which;

static long ceph(long a, long b, long c, long d, long e, long f) {
  return call(ceph_which, ceph_call, a, b, c, d, e, f);
}

void *dlsym(void *library, const char *name) {
  void *found = real_dlsym()(library, name);
  const char *which = strncmp(name, "rbd_", 4) == 0 || strncmp(name, "rados_", 6) == 0 ? watched(name) : NULL;
  if (found == NULL || which == NULL) return found;
  ceph_call = (call_t)found;
  ceph_which = which;
  return (void *)ceph;
}

/* By assembler name: the headers have other prototypes. */
#define LIBC(name)                                                               \
  long hook_##name(long a, long b, long c, long d, long e, long f) __asm__(#name); \
  long hook_##name(long a, long b, long c, long d, long e, long f) {             \
    call_t real = (call_t)real_dlsym()(RTLD_NEXT, #name);                        \
    const char *which = watched(#name);                                          \
    if (which == NULL) return real(a, b, c, d, e, f);                            \
    return call(which, real, a, b, c, d, e, f);                                  \
  }
LIBC(flock)
LIBC(fsync)
LIBC(pwrite)
LIBC(pwrite64)
LIBC(renameat)
LIBC(renameat2)
