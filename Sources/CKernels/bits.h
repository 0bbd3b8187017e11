// Weights of one or two bits (Q1_0, Q2_0, TQ2_0) as sums over bit planes.
//
// Four activations a, b, c, d have only sixteen sums ±a ±b ±c ±d. They are computed once a vector,
// as 16-bit numbers whose low and high bytes lie in tables of sixteen: what a byte shuffle looks up.
// Four weights of one bit are then an index, and no multiplication is left but that of the scales.
//
// A weight of two bits, code - 1 with code = b0 + 2·b1, is (S0 + 2·S1 + sum of x) / 2, where S0 and
// S1 are the sums that the planes b0 and b1 select.
//
// **The interleaved form** (row_group 16; the same size as in the file). A column of bytes holds
// eight weights of one plane for each of sixteen rows, one byte a row, lowest bit first. Then:
// - Q1_0, 128 weights: 16 columns, 16 scales (f16);
// - Q2_0, 64 weights: 8 columns of b0, 8 of b1, 16 scales;
// - TQ2_0, 256 weights: for each half, 16 columns of b0 and 16 of b1; then 16 scales.
// Rows beyond the last whole group stay as they are in the file. So a range of rows starts at a
// multiple of 16, and ends at one or at the matrix's last row.
//
// **The prepared form** of a vector: tables, and after all of them a ck_bits_info for each 128
// numbers. The table for byte m of 16 and nibble n lies at 256·(m / 4) + 128·n + 16·(m % 4), its
// high bytes 64 further.
#pragma once

#include "families.h"

enum {
  CK_BITS_GROUP = 16,
  CK_BITS_BLOCK = 128,     // activations that share a scale
  CK_BITS_TABLES = 1024,   // bytes of tables for so many
};

typedef struct {
  float scale;
  float half_scale;
  int32_t sum[2];  // of the first and the last 64 activations, in units of `scale`
} ck_bits_info;

// How the interleaved form of a type is walked through in steps of 128 weights.
typedef enum { CK_BITS_Q1_0, CK_BITS_Q2_0, CK_BITS_TQ2_0 } ck_bits_kind;

static inline __attribute__((always_inline)) size_t ck_bits_row_size(ck_bits_kind kind, size_t k) {
  return kind == CK_BITS_Q1_0 ? k / 128 * 18 : kind == CK_BITS_Q2_0 ? k / 64 * 18 : k / 256 * 66;
}

// Where the weights of block b of a group begin.
static inline __attribute__((always_inline)) size_t ck_bits_offset(ck_bits_kind kind, size_t b) {
  return kind == CK_BITS_Q1_0   ? 288 * b
         : kind == CK_BITS_Q2_0 ? 576 * b
                                : 1056 * (b / 2) + 512 * (b % 2);
}

// Rows are walked through some hundreds at a time, `first ..< end` of those up to `last`, and those a
// stretch of blocks at a time, `from ..< to`. Where the weights begin that are read two groups after
// those of row r: in this stretch, in the next one, or in the rows that come after.
static inline __attribute__((always_inline)) size_t ck_bits_ahead(ck_bits_kind kind, size_t k,
                                                                  size_t r, size_t first,
                                                                  size_t end, size_t last,
                                                                  size_t from, size_t to,
                                                                  size_t blocks) {
  size_t ahead = r + 2 * CK_BITS_GROUP, block = from;
  if (ahead >= end) {
    block = to < blocks ? to : 0;
    if (to < blocks) ahead = ahead - end + first;
    if (ahead >= last) ahead = r;
  }
  return ahead * ck_bits_row_size(kind, k) + ck_bits_offset(kind, block);
}

// Bytes that a group of rows takes for 128 weights, the scales with them.
static inline __attribute__((always_inline)) size_t ck_bits_block_size(ck_bits_kind kind) {
  return kind == CK_BITS_Q1_0 ? 288 : kind == CK_BITS_Q2_0 ? 576 : 528;
}

static inline __attribute__((always_inline)) void ck_bits_prefetch(ck_bits_kind kind,
                                                                   const uint8_t *at) {
  for (size_t i = 0; i < ck_bits_block_size(kind); i += 64) __builtin_prefetch(at + i);
}

static inline size_t ck_bits_blocks(size_t k) { return (k + CK_BITS_BLOCK - 1) / CK_BITS_BLOCK; }

static inline const ck_bits_info *ck_bits_infos(const void *prepared, size_t k) {
  return (const ck_bits_info *)((const uint8_t *)prepared + ck_bits_blocks(k) * CK_BITS_TABLES);
}

// The arguments of ck_matrix_kernel's `multiply`.
#define CK_BITS_ARGUMENTS                                                         \
  const void *weights, size_t k, size_t first_row, size_t end_row, const void *x, \
      size_t x_stride, size_t columns, float *y, size_t y_stride
#define CK_BITS_PASSED weights, k, first_row, end_row, x, x_stride, columns, y, y_stride

void ck_bits_pack_q1_0(const void *rows_in_file, void *packed, size_t rows, size_t k);
void ck_bits_pack_q2_0(const void *rows_in_file, void *packed, size_t rows, size_t k);
void ck_bits_pack_tq2_0(const void *rows_in_file, void *packed, size_t rows, size_t k);

// The bits of one block of a row, column by column, and its scale (f16). How many columns: 16 for
// Q1_0 and Q2_0, 64 for TQ2_0.
uint16_t ck_bits_columns(ck_bits_kind kind, const void *block, uint8_t *columns);

// Rows that lie as in the file, fewer than a group.
void ck_bits_rest(ck_bits_kind kind, CK_BITS_ARGUMENTS);

void ck_bits_portable_q1_0(CK_BITS_ARGUMENTS);
void ck_bits_portable_q2_0(CK_BITS_ARGUMENTS);
void ck_bits_portable_tq2_0(CK_BITS_ARGUMENTS);
void ck_bits_neon_q1_0(CK_BITS_ARGUMENTS);
void ck_bits_neon_q2_0(CK_BITS_ARGUMENTS);
void ck_bits_neon_tq2_0(CK_BITS_ARGUMENTS);
void ck_bits_avx2_q1_0(CK_BITS_ARGUMENTS);
void ck_bits_avx2_q2_0(CK_BITS_ARGUMENTS);
void ck_bits_avx2_tq2_0(CK_BITS_ARGUMENTS);
void ck_bits_avx512_q1_0(CK_BITS_ARGUMENTS);
void ck_bits_avx512_q2_0(CK_BITS_ARGUMENTS);
void ck_bits_avx512_tq2_0(CK_BITS_ARGUMENTS);
