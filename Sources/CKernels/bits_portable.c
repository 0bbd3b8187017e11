// Bit planes without a byte shuffle: one look-up after the other. Also the rows that fill no group,
// on every CPU.
#include "bits.h"

#include "blocks.h"

// The signed sum that a plane's columns select. `stride`: bytes from one column of the row to the
// next. `from`: which of the sixteen columns of a block the first is.
static int32_t plane_sum(const uint8_t *columns, size_t stride, const uint8_t *tables, size_t from,
                         size_t count) {
  int32_t low = 0, high = 0;
  for (size_t m = from; m < from + count; m++, columns += stride) {
    const uint8_t *table = tables + 256 * (m / 4) + 16 * (m % 4);
    const uint8_t *first = table + (*columns & 15), *second = table + 128 + (*columns >> 4);
    low += first[0] + second[0];
    high += (int8_t)first[64] + (int8_t)second[64];
  }
  return low + high * 256;
}

// Adds block b of one row.
static inline float add_block(ck_bits_kind kind, const uint8_t *w, size_t stride, const uint8_t *d,
                              size_t d_stride, const uint8_t *tables, const ck_bits_info *info,
                              size_t halves, float sum) {
  uint16_t scale;
  memcpy(&scale, d, 2);
  switch (kind) {
    case CK_BITS_Q1_0:
      return sum + (float)plane_sum(w, stride, tables, 0, 16) *
                       (ck_half_to_float(scale) * info->scale);
    case CK_BITS_TQ2_0: {
      int32_t total = plane_sum(w, stride, tables, 0, 16) +
                      2 * plane_sum(w + 16 * stride, stride, tables, 0, 16) + info->sum[0] +
                      info->sum[1];
      return sum + (float)total * (ck_half_to_float(scale) * info->half_scale);
    }
    default:
      for (size_t half = 0; half < halves; half++, w += d_stride, d += d_stride) {
        memcpy(&scale, d, 2);
        int32_t total = plane_sum(w, stride, tables, 8 * half, 8) +
                        2 * plane_sum(w + 8 * stride, stride, tables, 8 * half, 8) +
                        info->sum[half];
        sum += (float)total * (ck_half_to_float(scale) * info->half_scale);
      }
      return sum;
  }
}

static size_t halves_of(size_t k, size_t b) { return k - CK_BITS_BLOCK * b >= CK_BITS_BLOCK ? 2 : 1; }

void ck_bits_rest(ck_bits_kind kind, CK_BITS_ARGUMENTS) {
  size_t row_size = ck_bits_row_size(kind, k), blocks = ck_bits_blocks(k);
  for (size_t r = first_row; r < end_row; r++) {
    const uint8_t *row = (const uint8_t *)weights + r * row_size;
    for (size_t c = 0; c < columns; c++) {
      const uint8_t *tables = (const uint8_t *)x + c * x_stride;
      const ck_bits_info *infos = ck_bits_infos(tables, k);
      float sum = 0;
      for (size_t b = 0; b < blocks; b++) {
        // Two units of Q2_0 lie behind each other, each with its scale behind its bits.
        uint8_t bytes[66];
        uint16_t d;
        size_t halves = halves_of(k, b), columns_at = 0, d_at = 16;
        if (kind == CK_BITS_Q1_0) {
          d = ck_bits_columns(kind, row + 18 * b, bytes);
        } else if (kind == CK_BITS_TQ2_0) {
          d = ck_bits_columns(kind, row + 66 * (b / 2), bytes);
          columns_at = 32 * (b % 2);
          d_at = 64;
        } else {
          for (size_t half = 0; half < halves; half++) {
            d = ck_bits_columns(kind, row + 18 * (2 * b + half), bytes + 18 * half);
            memcpy(bytes + 18 * half + 16, &d, 2);
          }
        }
        if (kind != CK_BITS_Q2_0) memcpy(bytes + d_at, &d, 2);
        sum = add_block(kind, bytes + columns_at, 1, bytes + d_at, 18, tables + b * CK_BITS_TABLES,
                        infos + b, halves, sum);
      }
      y[c * y_stride + r] = sum;
    }
  }
}

static inline void multiply(ck_bits_kind kind, CK_BITS_ARGUMENTS) {
  size_t row_size = ck_bits_row_size(kind, k), blocks = ck_bits_blocks(k);
  size_t whole = end_row / CK_BITS_GROUP * CK_BITS_GROUP;
  for (size_t c = 0; c < columns; c++) {
    const uint8_t *tables = (const uint8_t *)x + c * x_stride;
    const ck_bits_info *infos = ck_bits_infos(tables, k);
    for (size_t r = first_row; r < whole; r++) {
      size_t row = r % CK_BITS_GROUP;
      const uint8_t *group = (const uint8_t *)weights + (r - row) * row_size;
      float sum = 0;
      for (size_t b = 0; b < blocks; b++) {
        const uint8_t *w = group + ck_bits_offset(kind, b);
        const uint8_t *d = kind == CK_BITS_TQ2_0 ? group + 1056 * (b / 2) + 1024 : w + 256;
        sum = add_block(kind, w + row, CK_BITS_GROUP, d + 2 * row, 288, tables + b * CK_BITS_TABLES,
                        infos + b, halves_of(k, b), sum);
      }
      y[c * y_stride + r] = sum;
    }
  }
  ck_bits_rest(kind, weights, k, whole, end_row, x, x_stride, columns, y, y_stride);
}

void ck_bits_portable_q1_0(CK_BITS_ARGUMENTS) { multiply(CK_BITS_Q1_0, CK_BITS_PASSED); }
void ck_bits_portable_q2_0(CK_BITS_ARGUMENTS) { multiply(CK_BITS_Q2_0, CK_BITS_PASSED); }
void ck_bits_portable_tq2_0(CK_BITS_ARGUMENTS) { multiply(CK_BITS_TQ2_0, CK_BITS_PASSED); }
