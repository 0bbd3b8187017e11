// Bit planes with NEON: one column of bytes of sixteen rows, 16 look-ups an instruction.
#include "bits.h"

#if defined(__aarch64__)
#include <arm_neon.h>

#define INLINE static inline __attribute__((always_inline))

typedef struct {
  int32x4_t of[4];  // four rows each
} totals;

// Sums of low bytes and of high bytes stay apart: each fits 16 bits for a whole block.
INLINE void add_plane(const uint8_t *w, int count, const uint8_t *tables, int times, totals *out) {
  uint16x8_t low[2] = {vdupq_n_u16(0), vdupq_n_u16(0)};
  int16x8_t high[2] = {vdupq_n_s16(0), vdupq_n_s16(0)};
  for (int m = 0; m < count; m++) {
    uint8x16_t bits = vld1q_u8(w + 16 * m);
    uint8x16_t index[2] = {vandq_u8(bits, vdupq_n_u8(15)), vshrq_n_u8(bits, 4)};
    const uint8_t *table = tables + 256 * (m / 4) + 16 * (m % 4);
    for (int n = 0; n < 2; n++, table += 128) {
      uint8x16_t l = vqtbl1q_u8(vld1q_u8(table), index[n]);
      int8x16_t h = vreinterpretq_s8_u8(vqtbl1q_u8(vld1q_u8(table + 64), index[n]));
      low[0] = vaddw_u8(low[0], vget_low_u8(l));
      low[1] = vaddw_high_u8(low[1], l);
      high[0] = vaddw_s8(high[0], vget_low_s8(h));
      high[1] = vaddw_high_s8(high[1], h);
    }
  }
  for (int i = 0; i < 2; i++) {
    int32x4_t first = vaddq_s32(vreinterpretq_s32_u32(vmovl_u16(vget_low_u16(low[i]))),
                                vshll_n_s16(vget_low_s16(high[i]), 8));
    int32x4_t last = vaddq_s32(vreinterpretq_s32_u32(vmovl_high_u16(low[i])),
                               vshll_high_n_s16(high[i], 8));
    out->of[2 * i] = vmlaq_n_s32(out->of[2 * i], first, times);
    out->of[2 * i + 1] = vmlaq_n_s32(out->of[2 * i + 1], last, times);
  }
}

INLINE void add_unit(int planes, const uint8_t *w, int count, const uint8_t *d,
                     const uint8_t *tables, float scale, int32_t sum, float *y) {
  totals t;
  for (int i = 0; i < 4; i++) t.of[i] = vdupq_n_s32(planes == 2 ? sum : 0);
  add_plane(w, count, tables, 1, &t);
  if (planes == 2) add_plane(w + 16 * count, count, tables, 2, &t);
  for (int i = 0; i < 4; i++) {
    float32x4_t scales = vcvt_f32_f16(vld1_f16((const __fp16 *)d + 4 * i));
    vst1q_f32(y + 4 * i, vfmaq_f32(vld1q_f32(y + 4 * i), vcvtq_f32_s32(t.of[i]),
                                   vmulq_n_f32(scales, scale)));
  }
}

INLINE void multiply(ck_bits_kind kind, CK_BITS_ARGUMENTS) {
  size_t row_size = ck_bits_row_size(kind, k), blocks = ck_bits_blocks(k);
  size_t whole = end_row / CK_BITS_GROUP * CK_BITS_GROUP;
  for (size_t r = first_row; r < whole; r += CK_BITS_GROUP) {
    const uint8_t *group = (const uint8_t *)weights + r * row_size;
    for (size_t c = 0; c < columns; c++) {
      const uint8_t *column = (const uint8_t *)x + c * x_stride;
      const ck_bits_info *info = ck_bits_infos(column, k);
      float *out = y + c * y_stride + r;
      for (int i = 0; i < 4; i++) vst1q_f32(out + 4 * i, vdupq_n_f32(0));
      for (size_t b = 0; b < blocks; b++) {
        const uint8_t *w = group + ck_bits_offset(kind, b);
        const uint8_t *tables = column + b * CK_BITS_TABLES;
        if (kind == CK_BITS_Q1_0) {
          add_unit(1, w, 16, w + 256, tables, info[b].scale, 0, out);
        } else if (kind == CK_BITS_TQ2_0) {
          add_unit(2, w, 16, group + 1056 * (b / 2) + 1024, tables, info[b].half_scale,
                   info[b].sum[0] + info[b].sum[1], out);
        } else {
          add_unit(2, w, 8, w + 256, tables, info[b].half_scale, info[b].sum[0], out);
          if (k - CK_BITS_BLOCK * b < CK_BITS_BLOCK) break;
          add_unit(2, w + 288, 8, w + 544, tables + 512, info[b].half_scale, info[b].sum[1], out);
        }
      }
    }
  }
  ck_bits_rest(kind, weights, k, whole, end_row, x, x_stride, columns, y, y_stride);
}

void ck_bits_neon_q1_0(CK_BITS_ARGUMENTS) { multiply(CK_BITS_Q1_0, CK_BITS_PASSED); }
void ck_bits_neon_q2_0(CK_BITS_ARGUMENTS) { multiply(CK_BITS_Q2_0, CK_BITS_PASSED); }
void ck_bits_neon_tq2_0(CK_BITS_ARGUMENTS) { multiply(CK_BITS_TQ2_0, CK_BITS_PASSED); }
#endif
