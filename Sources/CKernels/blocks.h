// How blocks of weights lie in a GGUF file (ggml-common.h of llama.cpp 4df29be).
#pragma once

#include <stdint.h>
#include <string.h>

typedef struct {
  uint16_t d;
  uint8_t nibbles[16];  // weight j: low half of byte j; weight 16 + j: high half
} ck_block_q4_0;

typedef struct {
  uint16_t d, m;
  uint8_t nibbles[16];
} ck_block_q4_1;

typedef struct {
  uint16_t d;
  int8_t weights[32];
} ck_block_q8_0;

typedef struct {
  uint16_t d, dmin;
  uint8_t scales[12];    // eight scales and eight minima of 6 bits
  uint8_t nibbles[128];  // 64 weights in 32 bytes: low halves first
} ck_block_q4_k;

typedef struct {
  uint8_t low[128];   // 128 weights in 64 bytes: low halves first
  uint8_t high[64];   // 128 weights in 32 bytes, two bits each
  int8_t scales[16];  // one for 16 weights
  uint16_t d;
} ck_block_q6_k;

typedef struct {
  uint8_t codes[64];  // 128 weights in 32 bytes: the lowest two bits first
  uint16_t d;
} ck_block_tq2_0;

typedef struct {
  uint16_t d;
  uint8_t bits[16];
} ck_block_q1_0;

typedef struct {
  uint16_t d;
  uint8_t codes[16];
} ck_block_q2_0;

// Without the compiler's own type for it: that calls into a runtime library where the CPU has no
// instruction, and the kernels for CPUs that have one use it directly.
static inline float ck_half_to_float(uint16_t half) {
  uint32_t sign = (uint32_t)(half & 0x8000) << 16;
  uint32_t exponent = (half >> 10) & 31;
  uint32_t fraction = half & 0x3ff;
  uint32_t bits;
  if (exponent == 31) {
    bits = sign | 0x7f800000 | fraction << 13;
  } else if (exponent > 0) {
    bits = sign | (exponent + 112) << 23 | fraction << 13;
  } else {
    // Subnormal: exact in f32, as a count of 2^-24.
    float small = (float)fraction * 0x1p-24f;
    memcpy(&bits, &small, 4);
    bits |= sign;
  }
  float result;
  memcpy(&result, &bits, 4);
  return result;
}

// To the nearest, ties to even.
static inline uint16_t ck_float_to_half(float value) {
  uint32_t bits;
  memcpy(&bits, &value, 4);
  uint16_t sign = (uint16_t)(bits >> 16 & 0x8000);
  bits &= 0x7fffffff;
  if (bits > 0x7f800000) return sign | 0x7e00;
  if (bits >= 0x477ff000) return sign | 0x7c00;  // 65,520 and above
  if (bits < 0x38800000) {
    // Subnormal: adding 0.5 leaves the count of 2^-24 in the lowest bits, rounded by the CPU.
    float shifted;
    memcpy(&shifted, &bits, 4);
    shifted += 0.5f;
    memcpy(&bits, &shifted, 4);
    return sign | (uint16_t)(bits - 0x3f000000);
  }
  bits += 0xfff + (bits >> 13 & 1);
  return sign | (uint16_t)((bits - 0x38000000) >> 13);
}

static inline float ck_bfloat_to_float(uint16_t value) {
  uint32_t bits = (uint32_t)value << 16;
  float result;
  memcpy(&result, &bits, 4);
  return result;
}

// Scale and minimum of 32 weights (index 0 to 7) of a Q4_K block, 6 bits each: those of the first
// four lie in the low bits of bytes 0-7; of the others, four bits lie in bytes 8-11 and two in the
// high bits of bytes 0-7.
static inline void ck_q4_k_scale(const uint8_t scales[12], int index, uint8_t *scale,
                                 uint8_t *minimum) {
  if (index < 4) {
    *scale = scales[index] & 63;
    *minimum = scales[index + 4] & 63;
  } else {
    *scale = (uint8_t)((scales[index + 4] & 15) | (scales[index - 4] >> 6) << 4);
    *minimum = (uint8_t)(scales[index + 4] >> 4 | (scales[index] >> 6) << 4);
  }
}
