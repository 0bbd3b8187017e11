// Any type, on any CPU: weights to f32 a piece at a time, then a plain dot product.
#include "families.h"

enum { PIECE = 256 };  // a multiple of every block length

static float dot(const float *a, const float *b, size_t count) {
  float sums[8] = {0};
  size_t i = 0;
  for (; i + 8 <= count; i += 8) {
    for (size_t lane = 0; lane < 8; lane++) sums[lane] += a[i + lane] * b[i + lane];
  }
  for (; i < count; i++) sums[0] += a[i] * b[i];
  return ((sums[0] + sums[4]) + (sums[1] + sums[5])) + ((sums[2] + sums[6]) + (sums[3] + sums[7]));
}

static inline void multiply(int type, const void *weights, size_t k, size_t first_row,
                            size_t end_row, const void *x, size_t x_stride, size_t columns,
                            float *y, size_t y_stride) {
  size_t row_size = k / ck_block_length(type) * ck_block_size(type);
  size_t piece_size = PIECE / ck_block_length(type) * ck_block_size(type);
  for (size_t r = first_row; r < end_row; r++) {
    const uint8_t *row = (const uint8_t *)weights + r * row_size;
    for (size_t c = 0; c < columns; c++) y[c * y_stride + r] = 0;
    for (size_t at = 0; at < k; at += PIECE, row += piece_size) {
      float piece[PIECE];
      size_t count = k - at < PIECE ? k - at : PIECE;
      ck_dequantize_row(type, row, piece, count);
      for (size_t c = 0; c < columns; c++) {
        const float *column = (const float *)((const uint8_t *)x + c * x_stride);
        y[c * y_stride + r] += dot(piece, column + at, count);
      }
    }
  }
}

#define PLAIN(name, type)                                                                       \
  static void multiply_##name(const void *weights, size_t k, size_t first_row, size_t end_row, \
                              const void *x, size_t x_stride, size_t columns, float *y,        \
                              size_t y_stride) {                                               \
    multiply(type, weights, k, first_row, end_row, x, x_stride, columns, y, y_stride);         \
  }                                                                                             \
  static const ck_matrix_kernel name = {CK_ACTIVATION_F32, 1, NULL, multiply_##name}

PLAIN(f32, CK_TYPE_F32);
PLAIN(f16, CK_TYPE_F16);
PLAIN(q4_0, CK_TYPE_Q4_0);
PLAIN(q4_1, CK_TYPE_Q4_1);
PLAIN(q8_0, CK_TYPE_Q8_0);
PLAIN(q4_k, CK_TYPE_Q4_K);
PLAIN(q6_k, CK_TYPE_Q6_K);
PLAIN(bf16, CK_TYPE_BF16);
PLAIN(tq2_0, CK_TYPE_TQ2_0);
PLAIN(q1_0, CK_TYPE_Q1_0);
PLAIN(q2_0, CK_TYPE_Q2_0);

const ck_matrix_kernel *ck_plain_kernel(int type) {
  switch (type) {
    case CK_TYPE_F32:
      return &f32;
    case CK_TYPE_F16:
      return &f16;
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
    case CK_TYPE_BF16:
      return &bf16;
    case CK_TYPE_TQ2_0:
      return &tq2_0;
    case CK_TYPE_Q1_0:
      return &q1_0;
    case CK_TYPE_Q2_0:
      return &q2_0;
    default:
      return NULL;
  }
}
