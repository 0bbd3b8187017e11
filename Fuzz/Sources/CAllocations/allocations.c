#define _GNU_SOURCE
#include "allocations.h"

#include <errno.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdlib.h>

// What glibc's own malloc is called beneath the names that are replaced here.
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *memory, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);
extern void __libc_free(void *memory);

static atomic_size_t current;
static atomic_size_t peak;

static void *gained(void *memory) {
  if (!memory) return NULL;
  size_t size = malloc_usable_size(memory);
  size_t now = atomic_fetch_add_explicit(&current, size, memory_order_relaxed) + size;
  size_t most = atomic_load_explicit(&peak, memory_order_relaxed);
  while (now > most && !atomic_compare_exchange_weak_explicit(&peak, &most, now, memory_order_relaxed,
                                                              memory_order_relaxed)) {
  }
  return memory;
}

static void lost(void *memory) {
  if (memory)
    atomic_fetch_sub_explicit(&current, malloc_usable_size(memory), memory_order_relaxed);
}

void *malloc(size_t size) { return gained(__libc_malloc(size)); }

void *calloc(size_t count, size_t size) { return gained(__libc_calloc(count, size)); }

void *realloc(void *memory, size_t size) {
  size_t old = memory ? malloc_usable_size(memory) : 0;
  void *moved = __libc_realloc(memory, size);
  if (!moved && size) return NULL;
  atomic_fetch_sub_explicit(&current, old, memory_order_relaxed);
  return gained(moved);
}

void *memalign(size_t alignment, size_t size) { return gained(__libc_memalign(alignment, size)); }

void *aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }

int posix_memalign(void **memory, size_t alignment, size_t size) {
  *memory = memalign(alignment, size);
  return *memory ? 0 : ENOMEM;
}

void free(void *memory) {
  lost(memory);
  __libc_free(memory);
}

size_t fuzz_allocated(void) { return atomic_load_explicit(&current, memory_order_relaxed); }

size_t fuzz_allocated_peak(void) { return atomic_load_explicit(&peak, memory_order_relaxed); }

void fuzz_allocated_restart(void) {
  atomic_store_explicit(&peak, fuzz_allocated(), memory_order_relaxed);
}
