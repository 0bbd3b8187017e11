// Which kernel of bit planes a type gets at a level.
#include "bits.h"

// Portable and NEON kernels keep low and high bytes apart, as AVX-512 VBMI does, and so take sums of
// 16 bits; AVX2 adds them up in 16 bits.
#define KERNELS(level, form)                                                              \
  static const ck_matrix_kernel level##_q1_0 = {                                          \
      CK_ACTIVATION_SUMS_##form, CK_BITS_GROUP, ck_bits_pack_q1_0, ck_bits_##level##_q1_0}; \
  static const ck_matrix_kernel level##_q2_0 = {                                          \
      CK_ACTIVATION_SUMS_##form, CK_BITS_GROUP, ck_bits_pack_q2_0, ck_bits_##level##_q2_0}; \
  static const ck_matrix_kernel level##_tq2_0 = {                                         \
      CK_ACTIVATION_SUMS_##form, CK_BITS_GROUP, ck_bits_pack_tq2_0, ck_bits_##level##_tq2_0}

#define CHOOSE(level)                                                                      \
  return type == CK_TYPE_Q1_0 ? &level##_q1_0 : type == CK_TYPE_Q2_0 ? &level##_q2_0       \
                                                                     : &level##_tq2_0

KERNELS(portable, 14);
#if defined(__x86_64__)
KERNELS(avx2, 10);
KERNELS(avx512, 14);
#elif defined(__aarch64__)
KERNELS(neon, 14);
#endif

const ck_matrix_kernel *ck_bits_kernel(int type, ck_level level) {
  if (type != CK_TYPE_Q1_0 && type != CK_TYPE_Q2_0 && type != CK_TYPE_TQ2_0) return NULL;
#if defined(__x86_64__)
  if (level >= CK_LEVEL_AVX512_VBMI) CHOOSE(avx512);
  if (level >= CK_LEVEL_AVX2) CHOOSE(avx2);
#elif defined(__aarch64__)
  if (level >= CK_LEVEL_NEON) CHOOSE(neon);
#endif
  (void)level;
  CHOOSE(portable);
}
