// A vector in the form that the kernels of bit planes read: the sums of four numbers, in tables.
#include "bits.h"

#include <math.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))

// The largest absolute value; NaN where one is not finite. In integers: so are floats ordered.
INLINE float largest(const float *x) {
  uint32_t most = 0;
  for (size_t i = 0; i < CK_BITS_BLOCK; i++) {
    uint32_t bits;
    memcpy(&bits, x + i, 4);
    bits &= 0x7fffffff;
    most = bits > most ? bits : most;
  }
  float result;
  memcpy(&result, &most, 4);
  return most < 0x7f800000 ? result : NAN;
}

// 128 numbers to units of max |x| / most.
INLINE ck_bits_info quantise(const float *x, int most, int16_t q[CK_BITS_BLOCK]) {
  float max = largest(x);
  ck_bits_info info = {0};
  if (!(max > 0x1p-100f)) {
    // Where a number is not finite, no sum is; what is too small to have a reciprocal is zero.
    memset(q, 0, CK_BITS_BLOCK * sizeof(int16_t));
    info.scale = info.half_scale = isnan(max) ? NAN : 0;
    return info;
  }
  float inverse = (float)most / max;
  int32_t sum[2] = {0};
  for (size_t half = 0; half < 2; half++) {
    for (size_t i = 64 * half; i < 64 * half + 64; i++) {
      // Adding 1.5 · 2^23 leaves the nearest whole number in the lowest bits, ties to even.
      float shifted = x[i] * inverse;
      shifted += 0x1.8p23f;
      int32_t bits;
      memcpy(&bits, &shifted, 4);
      q[i] = (int16_t)(bits - 0x4b400000);
      sum[half] += q[i];
    }
  }
  info.scale = max / (float)most;
  info.half_scale = info.scale / 2;
  info.sum[0] = sum[0];
  info.sum[1] = sum[1];
  return info;
}

INLINE void build_portable(const int16_t q[CK_BITS_BLOCK], uint8_t *tables) {
  for (size_t four = 0; four < CK_BITS_BLOCK / 4; four++) {
    const int16_t *x = q + 4 * four;
    uint8_t *table = tables + 256 * (four / 8) + 128 * (four % 2) + 16 * (four % 8 / 2);
    int sum[16] = {-x[0] - x[1] - x[2] - x[3]};
    for (int bit = 0; bit < 4; bit++) {
      for (int i = 0; i < 1 << bit; i++) sum[i + (1 << bit)] = sum[i] + 2 * x[bit];
    }
    for (int i = 0; i < 16; i++) {
      table[i] = (uint8_t)(unsigned)sum[i];
      table[i + 64] = (uint8_t)((unsigned)sum[i] >> 8);
    }
  }
}

#if defined(__x86_64__)
#include <immintrin.h>

#define AVX2 __attribute__((target("avx2,fma,f16c")))
#define AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,fma,f16c")))

// Sixteen sums of four: the sign of number `n` in sum i is bit n of i.
INLINE AVX2 __m256i sums_of_four(const int16_t *x) {
  __m256i sum = _mm256_setzero_si256();
#pragma clang loop unroll(full)
  for (int n = 0; n < 4; n++) {
    short signs[16];
    for (int i = 0; i < 16; i++) signs[i] = i >> n & 1 ? 1 : -1;
    __m256i sign = _mm256_loadu_si256((const __m256i *)signs);
    sum = _mm256_add_epi16(sum, _mm256_sign_epi16(_mm256_set1_epi16(x[n]), sign));
  }
  return sum;
}

INLINE AVX2 void build_avx2(const int16_t q[CK_BITS_BLOCK], uint8_t *tables) {
  for (size_t i = 0; i < 16; i++) {
    // The tables of bytes 2·(i % 2) and the next, nibble i / 2 % 2, of the 32 numbers i / 4.
    const int16_t *x = q + 32 * (i / 4) + 4 * (i / 2 % 2) + 16 * (i % 2);
    __m256i one = sums_of_four(x), two = sums_of_four(x + 8);
    const __m256i low = _mm256_set1_epi16(255);
    __m256i lows = _mm256_packus_epi16(_mm256_and_si256(one, low), _mm256_and_si256(two, low));
    __m256i highs = _mm256_packs_epi16(_mm256_srai_epi16(one, 8), _mm256_srai_epi16(two, 8));
    __m256i *at = (__m256i *)(tables + 256 * (i / 4) + 128 * (i / 2 % 2) + 32 * (i % 2));
    // What is packed lies lane by lane: 64-bit quarters 0, 2, 1, 3.
    _mm256_storeu_si256(at, _mm256_permute4x64_epi64(lows, 0xd8));
    _mm256_storeu_si256(at + 2, _mm256_permute4x64_epi64(highs, 0xd8));
  }
}

INLINE AVX512 void build_avx512(const int16_t q[CK_BITS_BLOCK], uint8_t *tables) {
  // Two tables at once, of the numbers 4·(2·byte + nibble) and of those 8 further: each number or,
  // from 32 on, its negative.
  __m512i pick[4];
#pragma clang loop unroll(full)
  for (int n = 0; n < 4; n++) {
    short at[32];
    for (int i = 0; i < 32; i++) at[i] = (short)(8 * (i / 16) + n + (i >> n & 1 ? 0 : 32));
    pick[n] = _mm512_loadu_si512(at);
  }
  for (size_t i = 0; i < 4; i++, tables += 256) {
    __m512i x = _mm512_loadu_si512(q + 32 * i);
    __m512i negative = _mm512_sub_epi16(_mm512_setzero_si512(), x);
#pragma clang loop unroll(full)
    for (int pair = 0; pair < 4; pair++) {
      __m512i sum = _mm512_setzero_si512();
      __m512i from = _mm512_set1_epi16((short)(4 * (pair / 2) + 16 * (pair % 2)));
      for (int n = 0; n < 4; n++) {
        __m512i at = _mm512_add_epi16(pick[n], from);
        sum = _mm512_add_epi16(sum, _mm512_permutex2var_epi16(x, at, negative));
      }
      __m256i *out = (__m256i *)(tables + 128 * (pair / 2) + 32 * (pair % 2));
      _mm256_storeu_si256(out, _mm512_cvtepi16_epi8(sum));
      _mm256_storeu_si256(out + 2, _mm512_cvtepi16_epi8(_mm512_srai_epi16(sum, 8)));
    }
  }
}
#endif

#define PREPARE(name, target, build)                                                       \
  target static void name(const float *x, uint8_t *tables, size_t k, int most) {           \
    size_t blocks = ck_bits_blocks(k);                                                     \
    ck_bits_info *info = (ck_bits_info *)(tables + blocks * CK_BITS_TABLES);               \
    for (size_t b = 0; b < blocks; b++, x += CK_BITS_BLOCK, tables += CK_BITS_TABLES) {    \
      int16_t q[CK_BITS_BLOCK];                                                            \
      float last[CK_BITS_BLOCK];                                                           \
      size_t left = k - b * CK_BITS_BLOCK;                                                 \
      if (left < CK_BITS_BLOCK) {                                                          \
        memset(last, 0, sizeof last);                                                      \
        memcpy(last, x, left * sizeof(float));                                             \
      }                                                                                    \
      info[b] = quantise(left < CK_BITS_BLOCK ? last : x, most, q);                        \
      build(q, tables);                                                                    \
    }                                                                                      \
  }

PREPARE(prepare_portable, , build_portable)
#if defined(__x86_64__)
PREPARE(prepare_avx2, AVX2, build_avx2)
PREPARE(prepare_avx512, AVX512, build_avx512)
#endif

void ck_bits_prepare(const float *x, void *prepared, size_t k, int most, ck_level level) {
#if defined(__x86_64__)
  if (level >= CK_LEVEL_AVX512_VNNI) {
    prepare_avx512(x, prepared, k, most);
    return;
  }
  if (level >= CK_LEVEL_AVX2) {
    prepare_avx2(x, prepared, k, most);
    return;
  }
#endif
  (void)level;
  prepare_portable(x, prepared, k, most);
}

size_t ck_bits_prepared_size(size_t k) {
  size_t size = ck_bits_blocks(k) * (CK_BITS_TABLES + sizeof(ck_bits_info));
  return (size + 63) / 64 * 64;
}
