// Bit planes with AVX2: 32 look-ups an instruction, two columns of bytes of sixteen rows.
//
// Low and high bytes of what is looked up are brought together to sums of 16 bits, which hold 64
// activations of 10 bits: those of one 128-bit lane.
#include "bits.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define TARGET __attribute__((target("avx2,fma,f16c")))
#define INLINE static inline __attribute__((always_inline)) TARGET

enum {
  ROWS = 256,   // rows whose weights stay in the second cache while columns of x go by
  BLOCKS = 20,  // blocks of one column whose tables stay in the first cache
  TILE = 4,     // columns that share the reading of weights: what the registers hold
};

typedef struct {
  __m256i first, last;  // of rows 0 to 7 and 8 to 15
} sums;

// The sums of 16 bits of `count` pairs of columns of bytes of one plane, for each column of x.
INLINE void add_plane(const uint8_t *w, int count, const uint8_t *const *tables, int columns,
                      sums *out) {
  const __m256i nibble = _mm256_set1_epi8(15);
  sums s[TILE];
  for (int c = 0; c < columns; c++) s[c] = (sums){_mm256_setzero_si256(), _mm256_setzero_si256()};
#pragma clang loop unroll(full)
  for (int i = 0; i < count; i++) {
    __m256i bits = _mm256_loadu_si256((const __m256i *)(w + 32 * i));
    __m256i index[2] = {_mm256_and_si256(bits, nibble),
                        _mm256_and_si256(_mm256_srli_epi16(bits, 4), nibble)};
#pragma clang loop unroll(full)
    for (int n = 0; n < 2; n++) {
      size_t at = 256 * ((size_t)i / 2) + 128 * (size_t)n + 32 * ((size_t)i % 2);
#pragma clang loop unroll(full)
      for (int c = 0; c < columns; c++) {
        const __m256i *table = (const __m256i *)(tables[c] + at);
        __m256i low = _mm256_shuffle_epi8(_mm256_loadu_si256(table), index[n]);
        __m256i high = _mm256_shuffle_epi8(_mm256_loadu_si256(table + 2), index[n]);
        s[c].first = _mm256_add_epi16(s[c].first, _mm256_unpacklo_epi8(low, high));
        s[c].last = _mm256_add_epi16(s[c].last, _mm256_unpackhi_epi8(low, high));
      }
    }
  }
  for (int c = 0; c < columns; c++) out[c] = s[c];
}

// Both lanes together, as 32 bits.
INLINE __m256i wide(__m256i s) {
  return _mm256_add_epi32(_mm256_cvtepi16_epi32(_mm256_castsi256_si128(s)),
                          _mm256_cvtepi16_epi32(_mm256_extracti128_si256(s, 1)));
}

INLINE void add_scaled(__m256i total, const uint8_t *d, float scale, float *y) {
  __m256 scales = _mm256_mul_ps(_mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)d)),
                                _mm256_set1_ps(scale));
  _mm256_storeu_ps(y, _mm256_fmadd_ps(_mm256_cvtepi32_ps(total), scales, _mm256_loadu_ps(y)));
}

// A plane or two whose scales lie at `d`. `count`: pairs of columns of bytes a plane.
INLINE void add_unit(int planes, const uint8_t *w, int count, const uint8_t *d,
                     const uint8_t *const *tables, const float *scale, const int32_t *sum,
                     int columns, float *const *y) {
  sums s[2][TILE];
  add_plane(w, count, tables, columns, s[0]);
  if (planes == 2) add_plane(w + 32 * count, count, tables, columns, s[1]);
  for (int c = 0; c < columns; c++) {
    __m256i first = wide(s[0][c].first), last = wide(s[0][c].last);
    if (planes == 2) {
      __m256i all = _mm256_set1_epi32(sum[c]);
      first = _mm256_add_epi32(_mm256_add_epi32(first, all),
                               _mm256_slli_epi32(wide(s[1][c].first), 1));
      last = _mm256_add_epi32(_mm256_add_epi32(last, all),
                              _mm256_slli_epi32(wide(s[1][c].last), 1));
    }
    add_scaled(first, d, scale[c], y[c]);
    add_scaled(last, d + 16, scale[c], y[c] + 8);
  }
}

INLINE void add_block(ck_bits_kind kind, const uint8_t *group, size_t b, int halves,
                      const uint8_t *x, size_t x_stride, size_t k, int columns, float *const *y) {
  const uint8_t *w = group + ck_bits_offset(kind, b);
  const uint8_t *tables[TILE];
  const ck_bits_info *info[TILE];
  float scale[TILE];
  int32_t sum[TILE];
  for (int c = 0; c < columns; c++) {
    tables[c] = x + (size_t)c * x_stride + b * CK_BITS_TABLES;
    info[c] = ck_bits_infos(x + (size_t)c * x_stride, k) + b;
    scale[c] = kind == CK_BITS_Q1_0 ? info[c]->scale : info[c]->half_scale;
    sum[c] = info[c]->sum[0] + info[c]->sum[1];
  }
  switch (kind) {
    case CK_BITS_Q1_0:
      add_unit(1, w, 8, w + 256, tables, scale, sum, columns, y);
      break;
    case CK_BITS_TQ2_0:
      add_unit(2, w, 8, group + 1056 * (b / 2) + 1024, tables, scale, sum, columns, y);
      break;
    default:
      for (int half = 0; half < halves; half++, w += 288) {
        for (int c = 0; c < columns; c++) sum[c] = info[c]->sum[half];
        add_unit(2, w, 4, w + 256, tables, scale, sum, columns, y);
        for (int c = 0; c < columns; c++) tables[c] += 512;
      }
  }
}

// `columns`, known when this is compiled, of one group; blocks `from ..< to`.
// `next`: what will be read soon, or NULL.
INLINE void add_stretch(ck_bits_kind kind, const uint8_t *group, const uint8_t *next, size_t from,
                        size_t to, size_t k, const uint8_t *x, size_t x_stride, int columns,
                        float *y, size_t y_stride) {
  float *out[TILE];
  for (int c = 0; c < columns; c++) {
    out[c] = y + (size_t)c * y_stride;
    if (from > 0) continue;
    _mm256_storeu_ps(out[c], _mm256_setzero_ps());
    _mm256_storeu_ps(out[c] + 8, _mm256_setzero_ps());
  }
  size_t whole = k / CK_BITS_BLOCK < to ? k / CK_BITS_BLOCK : to;
  for (size_t b = from; b < whole; b++) {
    if (next) ck_bits_prefetch(kind, next + (b - from) * ck_bits_block_size(kind));
    add_block(kind, group, b, 2, x, x_stride, k, columns, out);
  }
  if (whole < to) add_block(kind, group, whole, 1, x, x_stride, k, columns, out);
}

INLINE void multiply(ck_bits_kind kind, CK_BITS_ARGUMENTS) {
  size_t row_size = ck_bits_row_size(kind, k), blocks = ck_bits_blocks(k);
  size_t whole = end_row / CK_BITS_GROUP * CK_BITS_GROUP;
  for (size_t first = first_row; first < whole; first += ROWS) {
    size_t end = first + ROWS < whole ? first + ROWS : whole;
    for (size_t c = 0, tile; c < columns; c += tile) {
      tile = columns - c >= TILE ? TILE : 1;
      const uint8_t *columns_at = (const uint8_t *)x + c * x_stride;
      size_t stretches = (blocks * tile + BLOCKS - 1) / BLOCKS;
      if (stretches > blocks) stretches = blocks;
      for (size_t i = 0; i < stretches; i++) {
        size_t from = blocks * i / stretches, to = blocks * (i + 1) / stretches;
        for (size_t r = first; r < end; r += CK_BITS_GROUP) {
          const uint8_t *group = (const uint8_t *)weights + r * row_size;
          size_t ahead = ck_bits_ahead(kind, k, r, first, end, whole, from, to, blocks);
          const uint8_t *next = c == 0 ? (const uint8_t *)weights + ahead : NULL;
          float *out = y + c * y_stride + r;
          if (tile == TILE) {
            add_stretch(kind, group, next, from, to, k, columns_at, x_stride, TILE, out, y_stride);
          } else {
            add_stretch(kind, group, next, from, to, k, columns_at, x_stride, 1, out, y_stride);
          }
        }
      }
    }
  }
  ck_bits_rest(kind, weights, k, whole, end_row, x, x_stride, columns, y, y_stride);
}

TARGET void ck_bits_avx2_q1_0(CK_BITS_ARGUMENTS) { multiply(CK_BITS_Q1_0, CK_BITS_PASSED); }
TARGET void ck_bits_avx2_q2_0(CK_BITS_ARGUMENTS) { multiply(CK_BITS_Q2_0, CK_BITS_PASSED); }
TARGET void ck_bits_avx2_tq2_0(CK_BITS_ARGUMENTS) { multiply(CK_BITS_TQ2_0, CK_BITS_PASSED); }
#endif
