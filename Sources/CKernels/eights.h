// The prepared form of a vector in 8 bits, and the pieces that weights are brought to before they
// meet it.
#pragma once

#include <stdint.h>

// 128 numbers, or what is left of a row and zeros.
typedef struct {
  int8_t numbers[128];
  float scales[4];    // a block of 32 each
  float sums[4];      // scale times sum of a block, rounded to f16 (where it fits) in CK_ACTIVATION_Q8*
  int32_t totals[4];  // minus the sum of the 8-bit numbers of a block
  int16_t halves[8];  // likewise of 16
} ck_eights;

// In CK_ACTIVATION_Q8_HALVES the first halves of the four blocks come before their second halves,
// which is how sixteen bytes of nibbles a block unfold.
static inline int ck_halves_place(int block, int half) { return half * 64 + block * 16; }
