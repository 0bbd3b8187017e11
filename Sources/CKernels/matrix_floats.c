// F32, F16 and BF16 weights at each level.
#include <string.h>

#include "blocks.h"
#include "families.h"

// Vectors never cross from one function to another that is not inlined.
#pragma clang diagnostic ignored "-Wpsabi"

#define VECTORS(level, width)                                                   \
  typedef float floats_##level __attribute__((ext_vector_type(width)));         \
  typedef uint32_t ints_##level __attribute__((ext_vector_type(width)));        \
  typedef uint16_t shorts_##level __attribute__((ext_vector_type(width)));      \
  typedef _Float16 halves_##level __attribute__((ext_vector_type(width)));

VECTORS(portable, 8)

#define CK_NAMED(name) name##_portable
#define floats floats_portable
#define ints ints_portable
#define shorts shorts_portable
#define halves halves_portable
#define WIDTH 8
#define COLUMNS 2
#if defined(__aarch64__)
#define CK_HAS_HALVES 1
#else
#define CK_HAS_HALVES 0
#endif
#include "floats_body.h"
#undef CK_HAS_HALVES

#if defined(__x86_64__)
#undef CK_NAMED
#undef floats
#undef ints
#undef shorts
#undef halves
#undef COLUMNS
#define CK_HAS_HALVES 1
VECTORS(avx2, 8)
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)
#define CK_NAMED(name) name##_avx2
#define floats floats_avx2
#define ints ints_avx2
#define shorts shorts_avx2
#define halves halves_avx2
#define COLUMNS 2
#include "floats_body.h"
#pragma clang attribute pop

#undef CK_NAMED
#undef floats
#undef ints
#undef shorts
#undef halves
#undef WIDTH
#undef COLUMNS
VECTORS(avx512, 16)
#pragma clang attribute push(                                                    \
    __attribute__((target("avx2,fma,f16c,avx512f,avx512bw,avx512vl,avx512dq"))), \
    apply_to = function)
#define CK_NAMED(name) name##_avx512
#define floats floats_avx512
#define ints ints_avx512
#define shorts shorts_avx512
#define halves halves_avx512
#define WIDTH 16
#define COLUMNS 6
#include "floats_body.h"
#pragma clang attribute pop
#endif

#define CHOOSE(level)       \
  switch (type) {           \
    case CK_TYPE_F32:       \
      return &f32_##level;  \
    case CK_TYPE_F16:       \
      return &f16_##level;  \
    case CK_TYPE_BF16:      \
      return &bf16_##level; \
    default:                \
      return NULL;          \
  }

const ck_matrix_kernel *ck_floats_kernel(int type, ck_level level) {
#if defined(__x86_64__)
  if (level >= CK_LEVEL_AVX512_VNNI) CHOOSE(avx512)
  if (level >= CK_LEVEL_AVX2) CHOOSE(avx2)
#endif
  (void)level;
  CHOOSE(portable)
}
