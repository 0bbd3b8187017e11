// Bit planes with AVX-512 VBMI and VNNI: 64 look-ups an instruction.
//
// The four bytes of a 32-bit lane are four bytes of weights of one row; VPERMB looks each up in its
// own table of sixteen, and VPDPBUSD adds the four results to the row's sum.
#include "bits.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define TARGET \
  __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx512vbmi,f16c,fma")))
#define INLINE static inline __attribute__((always_inline)) TARGET

enum {
  // Rows whose weights are walked through together, a stretch of columns at a time: few enough to
  // stay in the second cache, enough to hide that a stretch begins anew.
  ROWS = 256,
  // A stretch's tables stay in the first cache: so many blocks for one column of x, and for several
  // together.
  BLOCKS = 20,
  TILE_BLOCKS = 32,
  TILE = 8,  // columns of x that share the reading of weights
};

typedef struct {
  __m512i low, high;
} sums;

typedef struct {
  __m512i low, high;  // for each byte 16·(byte % 4) + nibble
} indexes;

INLINE sums start(int32_t sum) { return (sums){_mm512_set1_epi32(sum), _mm512_setzero_si512()}; }

// Four columns of bytes: from column by column to row by row, then each nibble with its table's
// place.
INLINE indexes read_indexes(const uint8_t *columns) {
  const __m512i rows = _mm512_set_epi32(
      0x3f2f1f0f, 0x3e2e1e0e, 0x3d2d1d0d, 0x3c2c1c0c, 0x3b2b1b0b, 0x3a2a1a0a, 0x39291909, 0x38281808,
      0x37271707, 0x36261606, 0x35251505, 0x34241404, 0x33231303, 0x32221202, 0x31211101, 0x30201000);
  const __m512i place = _mm512_set1_epi32(0x30201000), nibble = _mm512_set1_epi8(15);
  __m512i w = _mm512_permutexvar_epi8(rows, _mm512_loadu_si512(columns));
  // 0xea: (w & nibble) | place
  return (indexes){_mm512_ternarylogic_epi32(w, nibble, place, 0xea),
                   _mm512_ternarylogic_epi32(_mm512_srli_epi16(w, 4), nibble, place, 0xea)};
}

INLINE void look_up(__m512i index, const uint8_t *table, __m512i weight, sums *s) {
  __m512i low = _mm512_permutexvar_epi8(index, _mm512_loadu_si512(table));
  __m512i high = _mm512_permutexvar_epi8(index, _mm512_loadu_si512(table + 64));
  s->low = _mm512_dpbusd_epi32(s->low, low, weight);
  s->high = _mm512_dpbusd_epi32(s->high, weight, high);
}

// 32 weights a row of one plane.
INLINE void add_plane(indexes at, const uint8_t *tables, int weight, sums *s) {
  __m512i times = _mm512_set1_epi8((char)weight);
  look_up(at.low, tables, times, s);
  look_up(at.high, tables + 128, times, s);
}

INLINE __m512 scaled(sums s, __m512 d, float scale, __m512 sum) {
  __m512i total = _mm512_add_epi32(s.low, _mm512_slli_epi32(s.high, 8));
  return _mm512_fmadd_ps(_mm512_cvtepi32_ps(total), _mm512_mul_ps(d, _mm512_set1_ps(scale)), sum);
}

// The weights of one block of a group, ready to be looked up.
typedef struct {
  indexes at[8];  // Q1_0: four; Q2_0 and TQ2_0: those of b0, b1 (in Q2_0 for each half)
  __m512 d[2];
} block;

INLINE __m512 scales(const uint8_t *at) {
  return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)at));
}

INLINE void read_block(ck_bits_kind kind, const uint8_t *group, size_t b, int halves, block *out) {
  const uint8_t *w = group + ck_bits_offset(kind, b);
  switch (kind) {
    case CK_BITS_Q1_0:
      for (int i = 0; i < 4; i++) out->at[i] = read_indexes(w + 64 * i);
      out->d[0] = scales(w + 256);
      break;
    case CK_BITS_TQ2_0:
      for (int i = 0; i < 8; i++) out->at[i] = read_indexes(w + 64 * i);
      out->d[0] = scales(group + 1056 * (b / 2) + 1024);
      break;
    default:
      for (int half = 0; half < halves; half++) {
        for (int i = 0; i < 4; i++) out->at[4 * half + i] = read_indexes(w + 288 * half + 64 * i);
        out->d[half] = scales(w + 288 * half + 256);
      }
  }
}

INLINE __m512 add_block(ck_bits_kind kind, const block *w, int halves, const uint8_t *tables,
                        const ck_bits_info *info, __m512 sum) {
  switch (kind) {
    case CK_BITS_Q1_0: {
      sums s = start(0);
      for (int i = 0; i < 4; i++) add_plane(w->at[i], tables + 256 * i, 1, &s);
      return scaled(s, w->d[0], info->scale, sum);
    }
    case CK_BITS_TQ2_0: {
      sums s = start(info->sum[0] + info->sum[1]);
      for (int i = 0; i < 4; i++) {
        add_plane(w->at[i], tables + 256 * i, 1, &s);
        add_plane(w->at[4 + i], tables + 256 * i, 2, &s);
      }
      return scaled(s, w->d[0], info->half_scale, sum);
    }
    default:
      for (int half = 0; half < halves; half++) {
        sums s = start(info->sum[half]);
        for (int i = 0; i < 2; i++) {
          add_plane(w->at[4 * half + i], tables + 512 * half + 256 * i, 1, &s);
          add_plane(w->at[4 * half + 2 + i], tables + 512 * half + 256 * i, 2, &s);
        }
        sum = scaled(s, w->d[half], info->half_scale, sum);
      }
      return sum;
  }
}

// One stretch: blocks `from ..< end` of one group (of two in the tiled form of Q1_0) for `columns`
// columns of x, which start at `x`. `next` and `other_next`: what will be read soon; NULL where the
// second cache has it already.
typedef struct {
  const uint8_t *group, *other, *next, *other_next, *x;
  size_t from, end, k, x_stride, columns, y_stride;
  float *y, *other_y;
} stretch;

INLINE __m512 vector_block(ck_bits_kind kind, const stretch *s, size_t b, int halves, __m512 sum) {
  block w;
  if (s->next) ck_bits_prefetch(kind, s->next + (b - s->from) * ck_bits_block_size(kind));
  read_block(kind, s->group, b, halves, &w);
  return add_block(kind, &w, halves, s->x + b * CK_BITS_TABLES, ck_bits_infos(s->x, s->k) + b, sum);
}

INLINE void times_vector(ck_bits_kind kind, const stretch *s) {
  __m512 sum = s->from == 0 ? _mm512_setzero_ps() : _mm512_loadu_ps(s->y);
  size_t whole = s->k / CK_BITS_BLOCK < s->end ? s->k / CK_BITS_BLOCK : s->end;
  for (size_t b = s->from; b < whole; b++) sum = vector_block(kind, s, b, 2, sum);
  if (whole < s->end) sum = vector_block(kind, s, whole, 1, sum);
  _mm512_storeu_ps(s->y, sum);
}

INLINE void tile_block(ck_bits_kind kind, const stretch *s, size_t b, int halves) {
  block w, other;
  if (s->next) {
    size_t offset = (b - s->from) * ck_bits_block_size(kind);
    ck_bits_prefetch(kind, s->next + offset);
    if (kind == CK_BITS_Q1_0) ck_bits_prefetch(kind, s->other_next + offset);
  }
  read_block(kind, s->group, b, halves, &w);
  if (kind == CK_BITS_Q1_0) read_block(kind, s->other, b, halves, &other);
  for (size_t c = 0; c < s->columns; c++) {
    const uint8_t *x = s->x + c * s->x_stride;
    const uint8_t *tables = x + b * CK_BITS_TABLES;
    const ck_bits_info *info = ck_bits_infos(x, s->k) + b;
    float *y = s->y + c * s->y_stride, *other_y = s->other_y + c * s->y_stride;
    __m512 sum = b == 0 ? _mm512_setzero_ps() : _mm512_loadu_ps(y), other_sum = sum;
    if (kind == CK_BITS_Q1_0) {
      if (b > 0) other_sum = _mm512_loadu_ps(other_y);
      other_sum = add_block(kind, &other, halves, tables, info, other_sum);
      sum = add_block(kind, &w, halves, tables, info, sum);
      _mm512_storeu_ps(other_y, other_sum);
    } else {
      sum = add_block(kind, &w, halves, tables, info, sum);
    }
    _mm512_storeu_ps(y, sum);
  }
}

INLINE void times_tile(ck_bits_kind kind, const stretch *s) {
  size_t whole = s->k / CK_BITS_BLOCK < s->end ? s->k / CK_BITS_BLOCK : s->end;
  for (size_t b = s->from; b < whole; b++) tile_block(kind, s, b, 2);
  if (whole < s->end) tile_block(kind, s, whole, 1);
}

// Rows `first ..< end` (whole groups, at most ROWS), `columns` of x at most TILE. `is_first`: these
// rows have not been read for other columns.
INLINE void multiply_rows(ck_bits_kind kind, const uint8_t *weights, size_t k, size_t first,
                          size_t end, size_t last, const uint8_t *x, size_t x_stride,
                          size_t columns, int is_first, float *y, size_t y_stride) {
  size_t row_size = ck_bits_row_size(kind, k), blocks = ck_bits_blocks(k);
  size_t most = columns == 1 ? BLOCKS : TILE_BLOCKS / columns;
  size_t stretches = (blocks + most - 1) / most;
  size_t step = columns > 1 && kind == CK_BITS_Q1_0 ? 2 * CK_BITS_GROUP : CK_BITS_GROUP;
  for (size_t i = 0; i < stretches; i++) {
    size_t from = blocks * i / stretches, to = blocks * (i + 1) / stretches;
    for (size_t r = first; r < end; r += step) {
      // An odd group out is its own other one: both give the same.
      size_t other = r + CK_BITS_GROUP < end ? r + CK_BITS_GROUP : r;
      size_t next = ck_bits_ahead(kind, k, r, first, end, last, from, to, blocks);
      size_t other_next = ck_bits_ahead(kind, k, other, first, end, last, from, to, blocks);
      stretch s = {
          .group = weights + r * row_size,
          .other = weights + other * row_size,
          .next = is_first ? weights + next : NULL,
          .other_next = weights + other_next,
          .x = x, .from = from, .end = to, .k = k, .x_stride = x_stride, .columns = columns,
          .y_stride = y_stride, .y = y + r, .other_y = y + other,
      };
      if (columns == 1) {
        times_vector(kind, &s);
      } else {
        times_tile(kind, &s);
      }
    }
  }
}

INLINE void multiply(ck_bits_kind kind, CK_BITS_ARGUMENTS) {
  size_t whole = end_row / CK_BITS_GROUP * CK_BITS_GROUP;
  for (size_t r = first_row; r < whole; r += ROWS) {
    size_t end = r + ROWS < whole ? r + ROWS : whole;
    for (size_t c = 0; c < columns; c += TILE) {
      size_t tile = columns - c < TILE ? columns - c : TILE;
      multiply_rows(kind, weights, k, r, end, whole, (const uint8_t *)x + c * x_stride, x_stride,
                    tile, c == 0, y + c * y_stride, y_stride);
    }
  }
  ck_bits_rest(kind, weights, k, whole, end_row, x, x_stride, columns, y, y_stride);
}

TARGET void ck_bits_avx512_q1_0(CK_BITS_ARGUMENTS) { multiply(CK_BITS_Q1_0, CK_BITS_PASSED); }
TARGET void ck_bits_avx512_q2_0(CK_BITS_ARGUMENTS) { multiply(CK_BITS_Q2_0, CK_BITS_PASSED); }
TARGET void ck_bits_avx512_tq2_0(CK_BITS_ARGUMENTS) { multiply(CK_BITS_TQ2_0, CK_BITS_PASSED); }
#endif
