// The AVX-512 VNNI kernels of 4- and 8-bit weights: in place, a few columns at a time by row
// (vnni_rows.c), many by tiles (vnni_tiles.c). Q4_1 has an order of sums of its own (vnni_lanes.c).
#pragma once

#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>

#include "blocks.h"
#include "eights.h"
#include "matrix.h"

#define VNNI __attribute__((target("avx2,fma,f16c,avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")))
#define VNNI_INLINE                            \
  static inline __attribute__((always_inline, \
                               target("avx2,fma,f16c,avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")))

// Columns from which a tile of unfolded weights is worth its making.
enum { CK_TILE_COLUMNS = 4 };

typedef void ck_multiply(const void *weights, size_t k, size_t first_row, size_t end_row,
                         const void *x, size_t x_stride, size_t columns, float *y,
                         size_t y_stride);

ck_multiply ck_rows_q4_0, ck_rows_q4_1, ck_rows_q8_0, ck_rows_q4_k, ck_rows_q6_k;
ck_multiply ck_tiles_q4_0, ck_tiles_q4_1, ck_tiles_q8_0, ck_tiles_q4_k, ck_tiles_q6_k;

// The six-bit scales and minima of a Q4_K block, a byte each.
static inline void ck_q4_k_scales(const uint8_t packed[12], uint64_t *scales, uint64_t *minima) {
  uint32_t a, b, c;
  memcpy(&a, packed, 4);
  memcpy(&b, packed + 4, 4);
  memcpy(&c, packed + 8, 4);
  const uint32_t six = 0x3f3f3f3f, four = 0x0f0f0f0f, two = 0x03030303;
  *scales = (a & six) | (uint64_t)((c & four) | (a >> 6 & two) << 4) << 32;
  *minima = (b & six) | (uint64_t)((c >> 4 & four) | (b >> 6 & two) << 4) << 32;
}
#endif
