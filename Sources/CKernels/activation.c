// Vectors brought into the form that a kernel reads.
#include <math.h>
#include <string.h>

#include "blocks.h"
#include "dispatch.h"
#include "eights.h"
#include "families.h"

typedef float floats __attribute__((ext_vector_type(16)));
typedef int32_t ints __attribute__((ext_vector_type(16)));
typedef int8_t bytes __attribute__((ext_vector_type(16)));

// Vectors never cross from one function to another that is not inlined.
#pragma clang diagnostic ignored "-Wpsabi"

#define CK_NAMED(name) name##_portable
#include "activation_body.h"
#undef CK_NAMED

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
#define CK_NAMED(name) name##_avx2
#include "activation_body.h"
#undef CK_NAMED
#pragma clang attribute pop

#pragma clang attribute push(__attribute__((target("avx2,avx512f,avx512bw,avx512vl,avx512dq"))), \
                             apply_to = function)
#define CK_NAMED(name) name##_avx512
#include "activation_body.h"
#undef CK_NAMED
#pragma clang attribute pop
#endif

size_t ck_activation_size(int activation, size_t k) {
  switch (activation) {
    case CK_ACTIVATION_F32:
      return (k * sizeof(float) + 63) / 64 * 64;
    case CK_ACTIVATION_Q8:
    case CK_ACTIVATION_Q8_HALVES:
    case CK_ACTIVATION_Q8_K:
      return (k + 127) / 128 * sizeof(ck_eights);
    case CK_ACTIVATION_SUMS_14:
    case CK_ACTIVATION_SUMS_10:
      return ck_bits_prepared_size(k);
    default:
      return 0;
  }
}

void ck_prepare_activation(int activation, const float *x, void *prepared, size_t k,
                           ck_level level) {
  switch (activation) {
    case CK_ACTIVATION_F32:
      memcpy(prepared, x, k * sizeof(float));
      return;
    case CK_ACTIVATION_Q8:
      DISPATCH(prepare_q8, x, prepared, k, 16);
      return;
    case CK_ACTIVATION_Q8_HALVES:
      DISPATCH(prepare_q8, x, prepared, k, 64);
      return;
    case CK_ACTIVATION_Q8_K:
      DISPATCH(prepare_q8_k, x, prepared, k);
      return;
    case CK_ACTIVATION_SUMS_14:
      ck_bits_prepare(x, prepared, k, CK_BITS_MOST_14, level);
      return;
    case CK_ACTIVATION_SUMS_10:
      ck_bits_prepare(x, prepared, k, CK_BITS_MOST_10, level);
      return;
    default:
      return;
  }
}
