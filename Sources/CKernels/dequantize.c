// Weights as f32: rows of an embedding, the plain kernels, and what the tests compare.
#include "blocks.h"
#include "matrix.h"

size_t ck_block_length(int type) {
  switch (type) {
    case CK_TYPE_F32:
    case CK_TYPE_F16:
    case CK_TYPE_BF16:
      return 1;
    case CK_TYPE_Q4_0:
    case CK_TYPE_Q4_1:
    case CK_TYPE_Q8_0:
      return 32;
    case CK_TYPE_Q2_0:
      return 64;
    case CK_TYPE_Q1_0:
      return 128;
    case CK_TYPE_Q4_K:
    case CK_TYPE_Q6_K:
    case CK_TYPE_TQ2_0:
      return 256;
    default:
      return 0;
  }
}

size_t ck_block_size(int type) {
  switch (type) {
    case CK_TYPE_F32:
      return 4;
    case CK_TYPE_F16:
    case CK_TYPE_BF16:
      return 2;
    case CK_TYPE_Q4_0:
      return sizeof(ck_block_q4_0);
    case CK_TYPE_Q4_1:
      return sizeof(ck_block_q4_1);
    case CK_TYPE_Q8_0:
      return sizeof(ck_block_q8_0);
    case CK_TYPE_Q4_K:
      return sizeof(ck_block_q4_k);
    case CK_TYPE_Q6_K:
      return sizeof(ck_block_q6_k);
    case CK_TYPE_TQ2_0:
      return sizeof(ck_block_tq2_0);
    case CK_TYPE_Q1_0:
      return sizeof(ck_block_q1_0);
    case CK_TYPE_Q2_0:
      return sizeof(ck_block_q2_0);
    default:
      return 0;
  }
}

static void dequantize_f16(const uint16_t *row, float *out, size_t k) {
  for (size_t i = 0; i < k; i++) out[i] = ck_half_to_float(row[i]);
}

static void dequantize_bf16(const uint16_t *row, float *out, size_t k) {
  for (size_t i = 0; i < k; i++) out[i] = ck_bfloat_to_float(row[i]);
}

static void dequantize_q4_0(const ck_block_q4_0 *row, float *out, size_t k) {
  for (size_t b = 0; b < k / 32; b++, row++, out += 32) {
    float d = ck_half_to_float(row->d);
    for (int j = 0; j < 16; j++) {
      out[j] = (float)((row->nibbles[j] & 15) - 8) * d;
      out[j + 16] = (float)((row->nibbles[j] >> 4) - 8) * d;
    }
  }
}

static void dequantize_q4_1(const ck_block_q4_1 *row, float *out, size_t k) {
  for (size_t b = 0; b < k / 32; b++, row++, out += 32) {
    float d = ck_half_to_float(row->d), m = ck_half_to_float(row->m);
    for (int j = 0; j < 16; j++) {
      out[j] = (float)(row->nibbles[j] & 15) * d + m;
      out[j + 16] = (float)(row->nibbles[j] >> 4) * d + m;
    }
  }
}

static void dequantize_q8_0(const ck_block_q8_0 *row, float *out, size_t k) {
  for (size_t b = 0; b < k / 32; b++, row++, out += 32) {
    float d = ck_half_to_float(row->d);
    for (int j = 0; j < 32; j++) out[j] = (float)row->weights[j] * d;
  }
}

static void dequantize_q4_k(const ck_block_q4_k *row, float *out, size_t k) {
  for (size_t b = 0; b < k / 256; b++, row++) {
    float d = ck_half_to_float(row->d), dmin = ck_half_to_float(row->dmin);
    for (int part = 0; part < 8; part++, out += 32) {
      uint8_t scale, minimum;
      ck_q4_k_scale(row->scales, part, &scale, &minimum);
      float step = d * (float)scale, least = dmin * (float)minimum;
      const uint8_t *nibbles = row->nibbles + part / 2 * 32;
      for (int j = 0; j < 32; j++) {
        out[j] = step * (float)(part % 2 ? nibbles[j] >> 4 : nibbles[j] & 15) - least;
      }
    }
  }
}

static void dequantize_q6_k(const ck_block_q6_k *row, float *out, size_t k) {
  for (size_t b = 0; b < k / 256; b++, row++) {
    float d = ck_half_to_float(row->d);
    for (int part = 0; part < 8; part++, out += 32) {
      const uint8_t *low = row->low + part / 4 * 64 + part % 2 * 32;
      const uint8_t *high = row->high + part / 4 * 32;
      for (int j = 0; j < 32; j++) {
        int four = part % 4 < 2 ? low[j] & 15 : low[j] >> 4;
        int two = high[j] >> part % 4 * 2 & 3;
        out[j] = d * (float)row->scales[part * 2 + j / 16] * (float)((four | two << 4) - 32);
      }
    }
  }
}

static void dequantize_tq2_0(const ck_block_tq2_0 *row, float *out, size_t k) {
  for (size_t b = 0; b < k / 256; b++, row++) {
    float d = ck_half_to_float(row->d);
    for (int part = 0; part < 8; part++, out += 32) {
      const uint8_t *codes = row->codes + part / 4 * 32;
      for (int j = 0; j < 32; j++) out[j] = (float)((codes[j] >> part % 4 * 2 & 3) - 1) * d;
    }
  }
}

static void dequantize_q1_0(const ck_block_q1_0 *row, float *out, size_t k) {
  for (size_t b = 0; b < k / 128; b++, row++, out += 128) {
    float d = ck_half_to_float(row->d);
    for (int j = 0; j < 128; j++) out[j] = row->bits[j / 8] >> j % 8 & 1 ? d : -d;
  }
}

static void dequantize_q2_0(const ck_block_q2_0 *row, float *out, size_t k) {
  for (size_t b = 0; b < k / 64; b++, row++, out += 64) {
    float d = ck_half_to_float(row->d);
    for (int j = 0; j < 64; j++) out[j] = (float)((row->codes[j / 4] >> j % 4 * 2 & 3) - 1) * d;
  }
}

void ck_dequantize_row(int type, const void *row, float *out, size_t k) {
  switch (type) {
    case CK_TYPE_F32:
      memcpy(out, row, k * sizeof(float));
      return;
    case CK_TYPE_F16:
      dequantize_f16(row, out, k);
      return;
    case CK_TYPE_BF16:
      dequantize_bf16(row, out, k);
      return;
    case CK_TYPE_Q4_0:
      dequantize_q4_0(row, out, k);
      return;
    case CK_TYPE_Q4_1:
      dequantize_q4_1(row, out, k);
      return;
    case CK_TYPE_Q8_0:
      dequantize_q8_0(row, out, k);
      return;
    case CK_TYPE_Q4_K:
      dequantize_q4_k(row, out, k);
      return;
    case CK_TYPE_Q6_K:
      dequantize_q6_k(row, out, k);
      return;
    case CK_TYPE_TQ2_0:
      dequantize_tq2_0(row, out, k);
      return;
    case CK_TYPE_Q1_0:
      dequantize_q1_0(row, out, k);
      return;
    case CK_TYPE_Q2_0:
      dequantize_q2_0(row, out, k);
      return;
    default:
      return;
  }
}
