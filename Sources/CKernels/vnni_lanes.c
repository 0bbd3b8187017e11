// Q4_1 in the order of sums that ggml has: each of a block's eight groups of four products goes to a
// lane of its own, the lanes are folded in halves when the row is done, and what the minima give is
// summed apart. So our answers are those of llama.cpp, and the same for one column as for many.
#include "vnni.h"

#if defined(__x86_64__)
#include <string.h>

#include "vnni_turn.h"

enum {
  AHEAD = 4096,     // as in vnni_rows.c
  SLICE = 48,       // blocks of a row that are unfolded at once
  ROWS = 16,        // of a tile
  COLUMNS = 3,      // that meet a tile at once
  KEPT_COLUMNS = 48,  // whose lanes are kept from slice to slice
};

// Scales and minima of sixteen blocks of a row.
VNNI_INLINE void heads(const uint8_t *row, __m512 *steps, __m512 *least) {
  const __m512i first = _mm512_setr_epi32(0, 5, 10, 15, 20, 25, 30, 0, 0, 0, 0, 0, 0, 0, 0, 0);
  const __m512i second = _mm512_setr_epi32(0, 0, 0, 0, 0, 0, 0, 3, 8, 13, 18, 23, 28, 0, 0, 0);
  const __m512i third = _mm512_setr_epi32(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 6, 11);
  __m512i pairs = _mm512_permutex2var_epi32(_mm512_loadu_si512(row), first,
                                            _mm512_loadu_si512(row + 64));
  __m512i more = _mm512_permutex2var_epi32(_mm512_loadu_si512(row + 128), second,
                                           _mm512_loadu_si512(row + 192));
  pairs = _mm512_mask_mov_epi32(pairs, 0x1f80, more);
  pairs = _mm512_mask_permutexvar_epi32(pairs, 0xe000, third, _mm512_loadu_si512(row + 256));
  *steps = _mm512_cvtph_ps(_mm512_cvtepi32_epi16(pairs));
  *least = _mm512_cvtph_ps(_mm512_cvtepi32_epi16(_mm512_srli_epi32(pairs, 16)));
}

// Scales and minima of one block of four rows.
VNNI_INLINE void heads_of_four(const uint8_t *const rows[4], size_t at, __m128 *steps,
                               __m128 *least) {
  __m128i pairs = _mm_loadu_si32(rows[0] + at);
  for (int r = 1; r < 4; r++) {
    int32_t pair;
    memcpy(&pair, rows[r] + at, 4);
    pairs = r == 1   ? _mm_insert_epi32(pairs, pair, 1)
            : r == 2 ? _mm_insert_epi32(pairs, pair, 2)
                     : _mm_insert_epi32(pairs, pair, 3);
  }
  const __m128i words = _mm_setr_epi8(0, 1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15);
  __m256 both = _mm256_cvtph_ps(_mm_shuffle_epi8(pairs, words));
  *steps = _mm256_castps256_ps128(both);
  *least = _mm256_extractf128_ps(both, 1);
}

// The scales of sixteen blocks of x.
VNNI_INLINE __m512 scales_of(const ck_eights *x) {
  __m256 low = _mm256_setr_m128(_mm_load_ps(x[0].scales), _mm_load_ps(x[1].scales));
  __m256 high = _mm256_setr_m128(_mm_load_ps(x[2].scales), _mm_load_ps(x[3].scales));
  return _mm512_insertf32x8(_mm512_castps256_ps512(low), high, 1);
}

// Sixteen bytes of two rows, each twice.
VNNI_INLINE __m512i two_rows(const uint8_t *first, const uint8_t *second) {
  __m512i both = _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)(const void *)first));
  return _mm512_mask_broadcast_i32x4(both, 0xff00,
                                     _mm_loadu_si128((const __m128i *)(const void *)second));
}

VNNI_INLINE __m512 two_steps(const float *first, const float *second) {
  return _mm512_mask_broadcastss_ps(_mm512_set1_ps(*first), 0xff00, _mm_load_ss(second));
}

// A block of two rows: low nibbles to the first four lanes of each, high ones, not moved and so sixteen
// times what they are, to the others.
VNNI_INLINE __m512 meet_block(__m512i codes, __m512i x, __m512 steps, __m512 sums) {
  const __m512i mask = _mm512_broadcast_i64x4(
      _mm256_setr_m128i(_mm_set1_epi8(15), _mm_set1_epi8((char)0xf0)));
  __m512i dots =
      _mm512_dpbusd_epi32(_mm512_setzero_si512(), _mm512_and_si512(codes, mask), x);
  return _mm512_fmadd_ps(steps, _mm512_cvtepi32_ps(dots), sums);
}

// The lanes of two rows, folded: the sums are in places 0 and 8.
VNNI_INLINE __m512 fold(__m512 v) {
  v = _mm512_mask_mul_ps(v, 0xf0f0, v, _mm512_set1_ps(1.0f / 16));
  v = _mm512_add_ps(v, _mm512_shuffle_f32x4(v, v, 0xb1));
  v = _mm512_add_ps(v, _mm512_permute_ps(v, 0x4e));
  return _mm512_add_ps(v, _mm512_permute_ps(v, 0xb1));
}

// Four rows and one column, so far.
typedef struct {
  __m512 first, second;  // lanes of two rows each
  __m128 rest;           // what minima gave
} ck_four_rows;

// Block `n` of four rows. Their steps lie `stride` apart.
VNNI_INLINE void meet_four(const uint8_t *const rows[4], size_t n, const ck_eights *x,
                           const float *steps, size_t stride, __m128 least, ck_four_rows *sums) {
  size_t at = n * sizeof(ck_block_q4_1) + 4;
  __m512i numbers = _mm512_broadcast_i64x4(
      _mm256_load_si256((const __m256i *)(const void *)(x[n / 4].numbers + n % 4 * 32)));
  sums->first = meet_block(two_rows(rows[0] + at, rows[1] + at), numbers,
                           two_steps(steps, steps + stride), sums->first);
  sums->second = meet_block(two_rows(rows[2] + at, rows[3] + at), numbers,
                            two_steps(steps + 2 * stride, steps + 3 * stride), sums->second);
  sums->rest = _mm_fmadd_ps(least, _mm_set1_ps(x[n / 4].sums[n % 4]), sums->rest);
}

// `rows`: where four rows begin; a row may be there twice.
VNNI_INLINE __m128 meet_rows(const uint8_t *const rows[4], size_t blocks, const ck_eights *x) {
  ck_four_rows sums = {_mm512_setzero_ps(), _mm512_setzero_ps(), _mm_setzero_ps()};
  size_t from = 0;
  for (; from + 16 <= blocks; from += 16) {
    float steps[4][16] __attribute__((aligned(64)));
    __m512 scales = scales_of(x + from / 4), least[4];
    for (size_t r = 0; r < 4; r++) {
      __m512 numbers;
      heads(rows[r] + from * sizeof(ck_block_q4_1), &numbers, &least[r]);
      _mm512_store_ps(steps[r], _mm512_mul_ps(numbers, scales));
      for (size_t line = 0; line < 5; line++) {
        _mm_prefetch((const char *)(rows[r] + from * sizeof(ck_block_q4_1) + AHEAD + line * 64),
                     _MM_HINT_T0);
      }
    }
    // Minima by block: block 4 * i + j is quarter i of number j.
    __m512 a = _mm512_unpacklo_ps(least[0], least[1]), b = _mm512_unpackhi_ps(least[0], least[1]);
    __m512 c = _mm512_unpacklo_ps(least[2], least[3]), d = _mm512_unpackhi_ps(least[2], least[3]);
    float minima[4][4][4] __attribute__((aligned(64)));
    _mm512_store_ps(minima[0], _mm512_shuffle_ps(a, c, 0x44));
    _mm512_store_ps(minima[1], _mm512_shuffle_ps(a, c, 0xee));
    _mm512_store_ps(minima[2], _mm512_shuffle_ps(b, d, 0x44));
    _mm512_store_ps(minima[3], _mm512_shuffle_ps(b, d, 0xee));
    for (size_t n = 0; n < 16; n++) {
      meet_four(rows, from + n, x, &steps[0][n], 16, _mm_load_ps(minima[n % 4][n / 4]), &sums);
    }
  }
  for (; from < blocks; from++) {
    __m128 numbers, least;
    float steps[4] __attribute__((aligned(16)));
    heads_of_four(rows, from * sizeof(ck_block_q4_1), &numbers, &least);
    _mm_store_ps(steps, _mm_mul_ps(numbers, _mm_set1_ps(x[from / 4].scales[from % 4])));
    meet_four(rows, from, x, steps, 1, least, &sums);
  }
  // 0: row 0, 1: row 2, 8: row 1, 9: row 3
  __m512 both = _mm512_unpacklo_ps(fold(sums.first), fold(sums.second));
  const __m512i order = _mm512_setr_epi32(0, 8, 1, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
  return _mm_add_ps(_mm512_castps512_ps128(_mm512_permutexvar_ps(order, both)), sums.rest);
}

VNNI void ck_rows_q4_1(const void *weights, size_t k, size_t first_row, size_t end_row,
                       const void *x, size_t x_stride, size_t columns, float *y,
                       size_t y_stride) {
  size_t blocks = k / 32, row_size = blocks * sizeof(ck_block_q4_1);
  for (size_t r = first_row; r < end_row; r += 4) {
    size_t count = end_row - r < 4 ? end_row - r : 4;
    const uint8_t *rows[4];
    for (size_t i = 0; i < 4; i++) {
      rows[i] = (const uint8_t *)weights + (r + (i < count ? i : count - 1)) * row_size;
    }
    for (size_t c = 0; c < columns; c++) {
      const void *column = (const uint8_t *)x + c * x_stride;
      __m128 sums = meet_rows(rows, blocks, column);
      _mm_mask_storeu_ps(y + c * y_stride + r, (__mmask8)((1u << count) - 1), sums);
    }
  }
}

// Sixteen rows of a slice: step s of a block holds what goes to lane s, four weights of each row.
typedef struct {
  uint8_t weights[SLICE][8][64];
  float steps[SLICE][ROWS], least[SLICE][ROWS];
} ck_lane_tile;

// What a column has of sixteen rows so far: eight lanes, and what the minima give.
typedef float ck_kept[9][ROWS];

VNNI_INLINE void unfold(const uint8_t *from, size_t stride, size_t last, size_t blocks,
                        ck_lane_tile *tile) {
  for (size_t b = 0; b < blocks; b++, from += sizeof(ck_block_q4_1)) {
    __m512i head = ck_dwords(from, stride, last), parts[4];
    _mm512_storeu_ps(tile->steps[b], ck_low_halves(head));
    _mm512_storeu_ps(tile->least[b], ck_high_halves(head));
    ck_transpose(from + 4, stride, last, parts);
    for (int s = 0; s < 4; s++) {
      _mm512_storeu_si512(tile->weights[b][s], ck_low_nibbles(parts[s]));
      _mm512_storeu_si512(tile->weights[b][4 + s], ck_high_nibbles(parts[s]));
    }
  }
}

VNNI_INLINE __m512 folded(__m512 v[8], __m512 rest) {
  for (size_t half = 4; half > 0; half /= 2) {
    for (size_t s = 0; s < half; s++) v[s] = _mm512_add_ps(v[s], v[s + half]);
  }
  return _mm512_add_ps(v[0], rest);
}

// What `columns` (constant) columns become: begun with zeros and put into y, or kept between slices.
typedef struct {
  int begins, ends;
  ck_kept *kept;
  float *y;
  size_t y_stride;
  __mmask16 rows;
} ck_way;

VNNI_INLINE void meet_tile(const ck_lane_tile *tile, size_t blocks, const uint8_t *x,
                           size_t x_stride, size_t columns, ck_way way) {
  __m512 sums[COLUMNS][8];
  for (size_t c = 0; c < columns; c++) {
    for (size_t s = 0; s < 8; s++) {
      sums[c][s] = way.begins ? _mm512_setzero_ps() : _mm512_loadu_ps(way.kept[c][s]);
    }
  }
  for (size_t b = 0; b < blocks; b++) {
    const ck_eights *group[COLUMNS];
    __m512 steps[COLUMNS];
    for (size_t c = 0; c < columns; c++) {
      group[c] = (const ck_eights *)(const void *)(x + c * x_stride) + b / 4;
      steps[c] = _mm512_mul_ps(_mm512_loadu_ps(tile->steps[b]),
                               _mm512_set1_ps(group[c]->scales[b % 4]));
    }
#pragma clang loop unroll(full)
    for (size_t s = 0; s < 8; s++) {
      __m512i weights = _mm512_loadu_si512(tile->weights[b][s]);
      for (size_t c = 0; c < columns; c++) {
        int32_t four;
        memcpy(&four, group[c]->numbers + b % 4 * 32 + s * 4, 4);
        __m512i dots = _mm512_dpbusd_epi32(_mm512_setzero_si512(), weights, _mm512_set1_epi32(four));
        sums[c][s] = _mm512_fmadd_ps(steps[c], _mm512_cvtepi32_ps(dots), sums[c][s]);
      }
    }
  }
  for (size_t c = 0; c < columns; c++) {
    const ck_eights *group = (const ck_eights *)(const void *)(x + c * x_stride);
    __m512 rest = way.begins ? _mm512_setzero_ps() : _mm512_loadu_ps(way.kept[c][8]);
    for (size_t b = 0; b < blocks; b++) {
      rest = _mm512_fmadd_ps(_mm512_loadu_ps(tile->least[b]),
                             _mm512_set1_ps(group[b / 4].sums[b % 4]), rest);
    }
    if (way.ends) {
      _mm512_mask_storeu_ps(way.y + c * way.y_stride, way.rows, folded(sums[c], rest));
    } else {
      for (size_t s = 0; s < 8; s++) _mm512_storeu_ps(way.kept[c][s], sums[c][s]);
      _mm512_storeu_ps(way.kept[c][8], rest);
    }
  }
}

VNNI_INLINE void meet_columns(const ck_lane_tile *tile, size_t blocks, const uint8_t *x,
                              size_t x_stride, size_t columns, ck_way way) {
  for (; columns >= COLUMNS; columns -= COLUMNS) {
    meet_tile(tile, blocks, x, x_stride, COLUMNS, way);
    x += COLUMNS * x_stride;
    if (!way.begins || !way.ends) way.kept += COLUMNS;
    way.y += COLUMNS * way.y_stride;
  }
  if (columns == 2) meet_tile(tile, blocks, x, x_stride, 2, way);
  if (columns == 1) meet_tile(tile, blocks, x, x_stride, 1, way);
}

VNNI void ck_tiles_q4_1(const void *weights, size_t k, size_t first_row, size_t end_row,
                        const void *x, size_t x_stride, size_t columns, float *y,
                        size_t y_stride) {
  size_t blocks = k / 32, row_size = blocks * sizeof(ck_block_q4_1);
  ck_lane_tile tile;
  ck_kept kept[KEPT_COLUMNS];
  // Rows of one slice need nothing kept, and so are unfolded once for all columns.
  size_t together = blocks <= SLICE ? columns : KEPT_COLUMNS;
  for (size_t r = first_row; r < end_row; r += ROWS) {
    size_t rows = end_row - r < ROWS ? end_row - r : ROWS;
    const uint8_t *from = (const uint8_t *)weights + r * row_size;
    for (size_t c = 0; c < columns; c += together) {
      size_t count = columns - c < together ? columns - c : together;
      for (size_t at = 0; at < blocks; at += SLICE) {
        size_t some = blocks - at < SLICE ? blocks - at : SLICE;
        unfold(from + at * sizeof(ck_block_q4_1), row_size, rows - 1, some, &tile);
        ck_way way = {at == 0, at + some == blocks, kept, y + c * y_stride + r, y_stride,
                      (__mmask16)((1u << rows) - 1)};
        meet_columns(&tile, some,
                     (const uint8_t *)x + c * x_stride + at / 4 * sizeof(ck_eights), x_stride,
                     count, way);
      }
    }
  }
}
#endif
