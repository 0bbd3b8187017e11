// One to three columns: rows where they lie in the file, one after the other. Several rows at once
// would spare work, but memory is what takes the time, and it is fastest read as one stream.
#include "vnni.h"

#if defined(__x86_64__)
#include <string.h>

// How far ahead memory is asked for: beyond the page, where the CPU's own guess ends.
enum { AHEAD = 4096 };

// What a row reads of 128 numbers of x, for blocks of which each fills four lanes (x in halves
// order) or eight (natural order, two registers).
typedef struct {
  __m512i numbers[2];
  __m512i zero[2];    // what the dot products begin with: minus the weights' zero point, times x
  __m512 scales[2];   // as the lanes have them
} ck_shared;

VNNI_INLINE __m512i lanes_of_four(void) {
  return _mm512_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3);
}

VNNI_INLINE ck_shared share_halves(const ck_eights *x, int shift) {
  ck_shared s;
  s.numbers[0] = _mm512_load_si512(x->numbers);
  s.numbers[1] = _mm512_load_si512(x->numbers + 64);
  __m512i totals = _mm512_broadcast_i32x4(_mm_load_si128((const __m128i *)(const void *)x->totals));
  totals = _mm512_maskz_permutexvar_epi32(0x1111, lanes_of_four(), totals);
  s.zero[0] = _mm512_slli_epi32(totals, (unsigned)shift);
  __m512 scales = _mm512_broadcast_f32x4(_mm_load_ps(x->scales));
  s.scales[0] = _mm512_permutexvar_ps(lanes_of_four(), scales);
  return s;
}

VNNI_INLINE ck_shared share_natural(const ck_eights *x, int shift) {
  const __m512i first = _mm512_setr_epi32(0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1);
  const __m512i second = _mm512_add_epi32(first, _mm512_set1_epi32(2));
  ck_shared s;
  s.numbers[0] = _mm512_load_si512(x->numbers);
  s.numbers[1] = _mm512_load_si512(x->numbers + 64);
  __m512i totals = _mm512_broadcast_i32x4(_mm_load_si128((const __m128i *)(const void *)x->totals));
  totals = _mm512_slli_epi32(totals, (unsigned)shift);
  s.zero[0] = _mm512_maskz_permutexvar_epi32(0x0101, first, totals);
  s.zero[1] = _mm512_maskz_permutexvar_epi32(0x0101, second, totals);
  __m512 scales = _mm512_broadcast_f32x4(_mm_load_ps(x->scales));
  s.scales[0] = _mm512_permutexvar_ps(first, scales);
  s.scales[1] = _mm512_permutexvar_ps(second, scales);
  return s;
}

// The f16 at word `a` of `block` in the first four lanes, at b in the next, ...
VNNI_INLINE __m512 spread_halves(__m512i block, int a, int b, int c, int d) {
  __m512i words = _mm512_castsi256_si512(_mm256_setr_epi16(
      (short)a, (short)a, (short)a, (short)a, (short)b, (short)b, (short)b, (short)b, (short)c,
      (short)c, (short)c, (short)c, (short)d, (short)d, (short)d, (short)d));
  return _mm512_cvtph_ps(_mm512_castsi512_si256(_mm512_permutexvar_epi16(words, block)));
}

// Dot products of nibbles, sixteen bytes a block, with x in halves order.
VNNI_INLINE __m512i meet_nibbles(__m512i codes, __m512i zero, const ck_shared *x) {
  const __m512i mask = _mm512_set1_epi8(15);
  __m512i dots = _mm512_dpbusd_epi32(zero, _mm512_and_si512(codes, mask), x->numbers[0]);
  codes = _mm512_and_si512(_mm512_srli_epi16(codes, 4), mask);
  return _mm512_dpbusd_epi32(dots, codes, x->numbers[1]);
}

// Four blocks of a row of Q4_0, or (blocks < 4) what is left of it and zeros: their dot products, four
// lanes each. `head`: where their scales are.
VNNI_INLINE __m512i group_q4_0(const uint8_t *w, size_t blocks, const ck_shared *x, __m512i *head) {
  const __m512i words = _mm512_set_epi16(35, 34, 33, 32, 31, 30, 29, 28, 26, 25, 24, 23, 22, 21, 20,
                                         19, 17, 16, 15, 14, 13, 12, 11, 10, 8, 7, 6, 5, 4, 3, 2, 1);
  __m512i tail = _mm512_setzero_si512();
  if (blocks >= 4) {
    *head = _mm512_loadu_si512(w);
    tail = _mm512_castsi128_si512(_mm_loadl_epi64((const __m128i *)(const void *)(w + 64)));
  } else {
    *head = _mm512_maskz_loadu_epi8(~0ull >> (64 - blocks * 18), w);
  }
  return meet_nibbles(_mm512_permutex2var_epi16(*head, words, tail), x->zero[0], x);
}

// Four rows of Q4_0 and one column, in the order of sums of ggml's interleaved form of that type, and of
// our tiles: one chain a row, of a block's whole product at a time.
VNNI_INLINE __m128 four_rows_q4_0(const uint8_t *const rows[4], size_t k, const ck_eights *x) {
  // Scales by block: of two rows, in words 0 and 1 or 2 and 3 of four.
  const __m512i low = _mm512_castsi256_si512(
      _mm256_setr_epi16(0, 32, 0, 0, 9, 41, 0, 0, 18, 50, 0, 0, 27, 59, 0, 0));
  const __m512i high = _mm512_castsi256_si512(
      _mm256_setr_epi16(0, 0, 0, 32, 0, 0, 9, 41, 0, 0, 18, 50, 0, 0, 27, 59));
  __m128 sums = _mm_setzero_ps();
  for (size_t blocks = k / 32, at = 0; blocks > 0; at += 72, x++) {
    ck_shared shared = share_halves(x, 3);
    __m512i dots[4], heads[4];
    for (size_t r = 0; r < 4; r++) {
      dots[r] = group_q4_0(rows[r] + at, blocks, &shared, &heads[r]);
      _mm_prefetch((const char *)(rows[r] + at + AHEAD), _MM_HINT_T0);
    }
    __m512i first = _mm512_add_epi32(_mm512_unpacklo_epi32(dots[0], dots[1]),
                                     _mm512_unpackhi_epi32(dots[0], dots[1]));
    __m512i second = _mm512_add_epi32(_mm512_unpacklo_epi32(dots[2], dots[3]),
                                      _mm512_unpackhi_epi32(dots[2], dots[3]));
    __m512 whole = _mm512_cvtepi32_ps(_mm512_add_epi32(_mm512_unpacklo_epi64(first, second),
                                                       _mm512_unpackhi_epi64(first, second)));
    __m512i halves = _mm512_permutex2var_epi16(heads[0], low, heads[1]);
    halves = _mm512_mask_mov_epi16(halves, 0xcccc,
                                   _mm512_permutex2var_epi16(heads[2], high, heads[3]));
    __m512 steps =
        _mm512_mul_ps(_mm512_cvtph_ps(_mm512_castsi512_si256(halves)), shared.scales[0]);
    sums = _mm_fmadd_ps(_mm512_castps512_ps128(whole), _mm512_castps512_ps128(steps), sums);
    sums = _mm_fmadd_ps(_mm512_extractf32x4_ps(whole, 1), _mm512_extractf32x4_ps(steps, 1), sums);
    sums = _mm_fmadd_ps(_mm512_extractf32x4_ps(whole, 2), _mm512_extractf32x4_ps(steps, 2), sums);
    sums = _mm_fmadd_ps(_mm512_extractf32x4_ps(whole, 3), _mm512_extractf32x4_ps(steps, 3), sums);
    blocks -= blocks < 4 ? blocks : 4;
  }
  return sums;
}

VNNI void ck_rows_q4_0(const void *weights, size_t k, size_t first_row, size_t end_row,
                       const void *x, size_t x_stride, size_t columns, float *y,
                       size_t y_stride) {
  size_t row_size = k / 32 * sizeof(ck_block_q4_0);
  for (size_t r = first_row; r < end_row; r += 4) {
    size_t count = end_row - r < 4 ? end_row - r : 4;
    const uint8_t *rows[4];
    for (size_t i = 0; i < 4; i++) {
      rows[i] = (const uint8_t *)weights + (r + (i < count ? i : count - 1)) * row_size;
    }
    for (size_t c = 0; c < columns; c++) {
      const void *column = (const uint8_t *)x + c * x_stride;
      _mm_mask_storeu_ps(y + c * y_stride + r, (__mmask8)((1u << count) - 1),
                         four_rows_q4_0(rows, k, column));
    }
  }
}

VNNI_INLINE __m512i pair_of_32(const void *first, const void *second) {
  return _mm512_inserti64x4(_mm512_castsi256_si512(_mm256_loadu_si256(first)),
                            _mm256_loadu_si256(second), 1);
}

VNNI_INLINE __m512 pair_q8_0(const uint8_t *w, const ck_shared *x, int pair, __m512 sums) {
  const __m512i flip = _mm512_set1_epi8((char)0x80);  // to unsigned, with a zero point of 128
  __m512i codes = _mm512_xor_si512(pair_of_32(w + 2, w + 36), flip);
  __m512 dots = _mm512_cvtepi32_ps(
      _mm512_dpbusd_epi32(x->zero[pair], codes, x->numbers[pair]));
  __m512 scales = spread_halves(_mm512_loadu_si512(w), 0, 0, 17, 17);
  return _mm512_fmadd_ps(dots, _mm512_mul_ps(scales, x->scales[pair]), sums);
}

VNNI_INLINE __m512 group_q8_0(const uint8_t *w, size_t blocks, const ck_shared *x, __m512 sums) {
  if (blocks >= 4) {
    sums = pair_q8_0(w, x, 0, sums);
    return pair_q8_0(w + 68, x, 1, sums);
  }
  uint8_t rest[136] = {0};
  memcpy(rest, w, blocks * 34);
  sums = pair_q8_0(rest, x, 0, sums);
  return pair_q8_0(rest + 68, x, 1, sums);
}

VNNI_INLINE void fetch(const uint8_t *from, size_t size) {
  for (size_t at = 0; at < size; at += 64) {
    _mm_prefetch((const char *)(from + AHEAD + at), _MM_HINT_T0);
  }
}

// A row of blocks of 32.
#define ROW_OF_32(name, size, share, shift)                                           \
  VNNI_INLINE float row_##name(const uint8_t *row, size_t k, const ck_eights *x) {    \
    __m512 sums = _mm512_setzero_ps();                                                \
    size_t blocks = k / 32;                                                           \
    for (; blocks >= 4; blocks -= 4, row += 4 * (size), x++) {                        \
      ck_shared shared = share(x, shift);                                             \
      fetch(row, 4 * (size));                                                         \
      sums = group_##name(row, 4, &shared, sums);                                     \
    }                                                                                 \
    if (blocks > 0) {                                                                 \
      ck_shared shared = share(x, shift);                                             \
      sums = group_##name(row, blocks, &shared, sums);                                \
    }                                                                                 \
    return _mm512_reduce_add_ps(sums);                                                \
  }

ROW_OF_32(q8_0, 34, share_natural, 7)

VNNI_INLINE __m512 block_q4_k(const ck_block_q4_k *w, const ck_eights *x, __m512 sums) {
  const __m512i mask = _mm512_set1_epi8(15);
  uint64_t packed_scales, packed_minima;
  ck_q4_k_scales(w->scales, &packed_scales, &packed_minima);
  __m128 steps = _mm_cvtph_ps(_mm_loadu_si32(&w->d));
  float d = steps[0], dmin = steps[1];
  __m256i scale_bytes = _mm256_cvtepu8_epi32(_mm_cvtsi64_si128((long long)packed_scales));
  __m256i minimum_bytes = _mm256_cvtepu8_epi32(_mm_cvtsi64_si128((long long)packed_minima));
  __m256 x_sums = _mm256_setr_m128(_mm_load_ps(x[0].sums), _mm_load_ps(x[1].sums));
  __m256 least = _mm256_mul_ps(_mm256_cvtepi32_ps(minimum_bytes), _mm256_set1_ps(-dmin));
  sums = _mm512_fmadd_ps(_mm512_zextps256_ps512(least), _mm512_zextps256_ps512(x_sums), sums);
  __m512 scales = _mm512_castps256_ps512(
      _mm256_mul_ps(_mm256_cvtepi32_ps(scale_bytes), _mm256_set1_ps(d * x->scales[0])));
  // 64 bytes are blocks 0 and 2 in the low halves, 1 and 3 in the high ones.
  const __m512i even = _mm512_setr_epi32(0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 2, 2, 2, 2, 2, 2);
  for (int half = 0; half < 2; half++, x++) {
    __m512i codes = _mm512_loadu_si512(w->nibbles + half * 64);
    __m512i low = _mm512_and_si512(codes, mask);
    __m512i high = _mm512_and_si512(_mm512_srli_epi16(codes, 4), mask);
    __m512i zero = _mm512_setzero_si512();
    low = _mm512_dpbusd_epi32(zero, low, pair_of_32(x->numbers, x->numbers + 64));
    high = _mm512_dpbusd_epi32(zero, high, pair_of_32(x->numbers + 32, x->numbers + 96));
    __m512i place = _mm512_add_epi32(even, _mm512_set1_epi32(half * 4));
    sums = _mm512_fmadd_ps(_mm512_cvtepi32_ps(low), _mm512_permutexvar_ps(place, scales), sums);
    place = _mm512_add_epi32(place, _mm512_set1_epi32(1));
    sums = _mm512_fmadd_ps(_mm512_cvtepi32_ps(high), _mm512_permutexvar_ps(place, scales), sums);
  }
  return sums;
}

VNNI_INLINE __m512 block_q6_k(const ck_block_q6_k *w, const ck_eights *x, __m512 sums) {
  const __m512i four = _mm512_set1_epi8(15), two = _mm512_set1_epi8(0x30);
  // The second 32 weights of 64 have their two bits two places higher.
  const __m512i shifts = _mm512_inserti64x4(_mm512_setzero_si512(), _mm256_set1_epi16(2), 1);
  float step = _mm_cvtss_f32(_mm_cvtph_ps(_mm_cvtsi32_si128(w->d))) * x->scales[0];
  __m512i bytes = _mm512_cvtepi8_epi32(_mm_loadu_si128((const __m128i *)(const void *)w->scales));
  __m512 scales = _mm512_mul_ps(_mm512_cvtepi32_ps(bytes), _mm512_set1_ps(step));
  for (int half = 0; half < 2; half++, x++) {
    __m512i low = _mm512_loadu_si512(w->low + half * 64);
    __m512i high = _mm512_broadcast_i64x4(
        _mm256_loadu_si256((const __m256i *)(const void *)(w->high + half * 32)));
    high = _mm512_srlv_epi16(high, shifts);
    __m512i first = _mm512_or_si512(_mm512_and_si512(low, four),
                                    _mm512_and_si512(_mm512_slli_epi16(high, 4), two));
    __m512i second = _mm512_or_si512(_mm512_and_si512(_mm512_srli_epi16(low, 4), four),
                                     _mm512_and_si512(high, two));
    // A zero point of 32, for sums of sixteen: one lane in four.
    __m512i totals = _mm512_castsi256_si512(_mm256_slli_epi32(
        _mm256_cvtepi16_epi32(_mm_load_si128((const __m128i *)(const void *)x->halves)), 5));
    __m512i place = lanes_of_four(), next = _mm512_add_epi32(place, _mm512_set1_epi32(4));
    first = _mm512_dpbusd_epi32(_mm512_maskz_permutexvar_epi32(0x1111, place, totals), first,
                                _mm512_load_si512(x->numbers));
    second = _mm512_dpbusd_epi32(_mm512_maskz_permutexvar_epi32(0x1111, next, totals), second,
                                 _mm512_load_si512(x->numbers + 64));
    place = _mm512_add_epi32(place, _mm512_set1_epi32(half * 8));
    next = _mm512_add_epi32(next, _mm512_set1_epi32(half * 8));
    sums = _mm512_fmadd_ps(_mm512_cvtepi32_ps(first), _mm512_permutexvar_ps(place, scales), sums);
    sums = _mm512_fmadd_ps(_mm512_cvtepi32_ps(second), _mm512_permutexvar_ps(next, scales), sums);
  }
  return sums;
}

#define ROW_OF_256(name)                                                              \
  VNNI_INLINE float row_##name(const uint8_t *row, size_t k, const ck_eights *x) {    \
    __m512 sums = _mm512_setzero_ps();                                                \
    const ck_block_##name *block = (const ck_block_##name *)(const void *)row;        \
    for (size_t b = 0; b < k / 256; b++, x += 2) {                                    \
      fetch((const uint8_t *)(block + b), sizeof(*block));                            \
      sums = block_##name(block + b, x, sums);                                        \
    }                                                                                 \
    return _mm512_reduce_add_ps(sums);                                                \
  }

ROW_OF_256(q4_k)
ROW_OF_256(q6_k)

#define MULTIPLY(name, type)                                                                    \
  VNNI void ck_rows_##name(const void *weights, size_t k, size_t first_row, size_t end_row,     \
                           const void *x, size_t x_stride, size_t columns, float *y,            \
                           size_t y_stride) {                                                   \
    size_t row_size = k / ck_block_length(type) * ck_block_size(type);                          \
    for (size_t r = first_row; r < end_row; r++) {                                              \
      const uint8_t *row = (const uint8_t *)weights + r * row_size;                             \
      for (size_t c = 0; c < columns; c++) {                                                    \
        const void *column = (const uint8_t *)x + c * x_stride;                                 \
        y[c * y_stride + r] = row_##name(row, k, column);                                       \
      }                                                                                         \
    }                                                                                           \
  }

MULTIPLY(q8_0, CK_TYPE_Q8_0)
MULTIPLY(q4_k, CK_TYPE_Q4_K)
MULTIPLY(q6_k, CK_TYPE_Q6_K)
#endif
