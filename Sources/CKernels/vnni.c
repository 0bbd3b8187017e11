// The table of the AVX-512 VNNI kernels.
#include <string.h>

#include "families.h"
#include "vnni.h"

#if defined(__x86_64__)
#define KERNEL(name, form)                                                                     \
  static void multiply_##name(const void *weights, size_t k, size_t first_row, size_t end_row, \
                              const void *x, size_t x_stride, size_t columns, float *y,        \
                              size_t y_stride) {                                               \
    (columns < CK_TILE_COLUMNS ? ck_rows_##name : ck_tiles_##name)(                            \
        weights, k, first_row, end_row, x, x_stride, columns, y, y_stride);                    \
  }                                                                                            \
  static const ck_matrix_kernel name = {form, 1, NULL, multiply_##name};

KERNEL(q4_0, CK_ACTIVATION_Q8_HALVES)
KERNEL(q4_1, CK_ACTIVATION_Q8)
KERNEL(q8_0, CK_ACTIVATION_Q8)
KERNEL(q4_k, CK_ACTIVATION_Q8_K)
KERNEL(q6_k, CK_ACTIVATION_Q8_K)
#endif

const ck_matrix_kernel *ck_vnni_kernel(int type, ck_level level) {
#if defined(__x86_64__)
  if (level < CK_LEVEL_AVX512_VNNI) return NULL;
  switch (type) {
    case CK_TYPE_Q4_0:
      return &q4_0;
    case CK_TYPE_Q4_1:
      return &q4_1;
    case CK_TYPE_Q8_0:
      return &q8_0;
    case CK_TYPE_Q4_K:
      return &q4_k;
    case CK_TYPE_Q6_K:
      return &q6_k;
    default:
      return NULL;
  }
#else
  (void)type, (void)level;
  return NULL;
#endif
}
