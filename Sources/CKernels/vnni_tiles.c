// Many columns: 32 rows are unfolded, a slice of their length at a time, to bytes that lie as the
// dot products want them, and then meet all columns, six at once.
#include "vnni.h"

#if defined(__x86_64__)
#include <string.h>

#include "vnni_turn.h"

enum {
  SLICE = 1024,  // numbers of a row: what is unfolded stays in the first cache
  ROWS = 32,
  COLUMNS = 6,
};

// Number j of row r is steps * weights + least. Step `s` of a block of 32 holds four weights of each
// row; they meet the four numbers of x at the same place of the block, in the order that x has.
typedef struct {
  uint8_t weights[SLICE / 32][8][2][64];
  float steps[SLICE / 16][ROWS];  // a block of 32 each, or (Q6_K) of 16
  float least[SLICE / 32][ROWS];
} ck_tile;

// What of a type a tile knows, constant in each kernel.
typedef struct {
  int zero_shift;  // the weights' zero point as a power of two; -1: none
  int has_least;
  int sixteens;  // scales are of 16 numbers
  int in_halves;  // x lies in halves order
} ck_manner;

// Sixteen rows (`half` of the tile) of one block of 32 (Q4_0, Q8_0).
VNNI_INLINE void unfold_block(int type, const uint8_t *from, size_t stride, size_t last,
                              ck_tile *tile, size_t block, int half) {
  __m512i head = ck_dwords(from, stride, last), parts[4];
  _mm512_storeu_ps(tile->steps[block] + half * 16, ck_low_halves(head));
  uint8_t(*out)[2][64] = tile->weights[block];
  if (type == CK_TYPE_Q8_0) {
    const __m512i flip = _mm512_set1_epi8((char)0x80);
    for (int side = 0; side < 2; side++) {
      ck_transpose(from + 2 + side * 16, stride, last, parts);
      for (int s = 0; s < 4; s++) {
        _mm512_storeu_si512(out[side * 4 + s][half], _mm512_xor_si512(parts[s], flip));
      }
    }
    return;
  }
  ck_transpose(from + 2, stride, last, parts);
  for (int s = 0; s < 4; s++) {
    _mm512_storeu_si512(out[s][half], ck_low_nibbles(parts[s]));
    _mm512_storeu_si512(out[4 + s][half], ck_high_nibbles(parts[s]));
  }
}

VNNI_INLINE void unfold_q4_k(const uint8_t *from, size_t stride, size_t last, ck_tile *tile,
                             size_t block, int half) {
  for (size_t r = 0; r < 16; r++) {
    const ck_block_q4_k *w =
        (const ck_block_q4_k *)(const void *)(from + (r < last ? r : last) * stride);
    uint64_t scales, minima;
    ck_q4_k_scales(w->scales, &scales, &minima);
    __m128 d = _mm_cvtph_ps(_mm_loadu_si32(&w->d));
    for (size_t b = 0; b < 8; b++) {
      tile->steps[block + b][(size_t)half * 16 + r] = d[0] * (float)(scales >> b * 8 & 255);
      tile->least[block + b][(size_t)half * 16 + r] = -d[1] * (float)(minima >> b * 8 & 255);
    }
  }
  const uint8_t *nibbles = from + offsetof(ck_block_q4_k, nibbles);
  for (size_t quarter = 0; quarter < 4; quarter++) {
    for (int side = 0; side < 2; side++) {
      __m512i parts[4];
      ck_transpose(nibbles + quarter * 32 + side * 16, stride, last, parts);
      for (int s = 0; s < 4; s++) {
        _mm512_storeu_si512(tile->weights[block + quarter * 2][side * 4 + s][half],
                            ck_low_nibbles(parts[s]));
        _mm512_storeu_si512(tile->weights[block + quarter * 2 + 1][side * 4 + s][half],
                            ck_high_nibbles(parts[s]));
      }
    }
  }
}

VNNI_INLINE void unfold_q6_k(const uint8_t *from, size_t stride, size_t last, ck_tile *tile,
                             size_t block, int half) {
  for (size_t r = 0; r < 16; r++) {
    const ck_block_q6_k *w =
        (const ck_block_q6_k *)(const void *)(from + (r < last ? r : last) * stride);
    float d = _mm_cvtss_f32(_mm_cvtph_ps(_mm_cvtsi32_si128(w->d)));
    for (size_t b = 0; b < 16; b++) {
      tile->steps[block * 2 + b][(size_t)half * 16 + r] = d * (float)w->scales[b];
    }
  }
  const __m512i two = _mm512_set1_epi8(0x30);
  for (size_t part = 0; part < 2; part++) {
    const uint8_t *low = from + part * 64, *high = from + 128 + part * 32;
    for (int side = 0; side < 2; side++) {
      __m512i first[4], second[4], bits[4];
      ck_transpose(low + side * 16, stride, last, first);
      ck_transpose(low + 32 + side * 16, stride, last, second);
      ck_transpose(high + side * 16, stride, last, bits);
      uint8_t(*out)[8][2][64] = tile->weights + block + part * 4;
      for (int s = 0; s < 4; s++) {
        int at = side * 4 + s;
        __m512i h = _mm512_and_si512(_mm512_slli_epi16(bits[s], 4), two);
        _mm512_storeu_si512(out[0][at][half], _mm512_or_si512(ck_low_nibbles(first[s]), h));
        h = _mm512_and_si512(_mm512_slli_epi16(bits[s], 2), two);
        _mm512_storeu_si512(out[1][at][half], _mm512_or_si512(ck_low_nibbles(second[s]), h));
        h = _mm512_and_si512(bits[s], two);
        _mm512_storeu_si512(out[2][at][half], _mm512_or_si512(ck_high_nibbles(first[s]), h));
        h = _mm512_and_si512(_mm512_srli_epi16(bits[s], 2), two);
        _mm512_storeu_si512(out[3][at][half], _mm512_or_si512(ck_high_nibbles(second[s]), h));
      }
    }
  }
}

// `blocks` blocks of 32 of `rows` rows.
VNNI_INLINE void unfold(int type, const uint8_t *from, size_t stride, size_t rows, size_t blocks,
                        ck_tile *tile) {
  for (int half = 0; half < 2; half++) {
    size_t begin = (size_t)half * 16 < rows ? (size_t)half * 16 : rows - 1;
    size_t last = rows - begin > 16 ? 15 : rows - begin - 1;
    const uint8_t *first = from + begin * stride;
    if (type == CK_TYPE_Q4_K || type == CK_TYPE_Q6_K) {
      for (size_t b = 0; b < blocks; b += 8, first += ck_block_size(type)) {
        if (type == CK_TYPE_Q4_K) {
          unfold_q4_k(first, stride, last, tile, b, half);
        } else {
          unfold_q6_k(first, stride, last, tile, b, half);
        }
      }
    } else {
      size_t size = type == CK_TYPE_Q4_0 ? 18 : 34;
      for (size_t b = 0; b < blocks; b++, first += size) {
        unfold_block(type, first, stride, last, tile, b, half);
      }
    }
  }
}

// The 8-bit numbers of x that step `step` of a block meets.
VNNI_INLINE __m512i four_of(const ck_eights *group, size_t block, int step, ck_manner manner) {
  int at = manner.in_halves ? ck_halves_place((int)block, step / 4) + step % 4 * 4
                            : (int)block * 32 + step * 4;
  int32_t four;
  memcpy(&four, group->numbers + at, 4);
  return _mm512_set1_epi32(four);
}

// A tile and `columns` (constant) columns: y is set, or (adds) added to.
VNNI_INLINE void meet(const ck_tile *tile, size_t blocks, const uint8_t *x, size_t x_stride,
                      size_t columns, float *y, size_t y_stride, __mmask16 first_rows,
                      __mmask16 second_rows, int adds, ck_manner manner) {
  __m512 sums[COLUMNS][2];
  // What earlier slices gave is gone on from: a row has one chain of sums, of any length.
  for (size_t c = 0; c < columns; c++) {
    const float *before = y + c * y_stride;
    sums[c][0] = adds ? _mm512_maskz_loadu_ps(first_rows, before) : _mm512_setzero_ps();
    sums[c][1] = adds ? _mm512_maskz_loadu_ps(second_rows, before + 16) : _mm512_setzero_ps();
  }
  for (size_t b = 0; b < blocks; b++) {
    const uint8_t *group = x + b / 4 * sizeof(ck_eights);
    for (int part = 0; part < 1 + manner.sixteens; part++) {
      __m512i dots[COLUMNS][2];
      for (size_t c = 0; c < columns; c++) {
        const ck_eights *at = (const ck_eights *)(const void *)(group + c * x_stride);
        __m512i zero = _mm512_setzero_si512();
        if (manner.sixteens) {
          int half = at->halves[b % 4 * 2 + (size_t)part];
          zero = _mm512_set1_epi32(half * (1 << manner.zero_shift));
        } else if (manner.zero_shift >= 0) {
          zero = _mm512_slli_epi32(_mm512_set1_epi32(at->totals[b % 4]),
                                   (unsigned)manner.zero_shift);
        }
        dots[c][0] = dots[c][1] = zero;
      }
      int steps = manner.sixteens ? 4 : 8;
#pragma clang loop unroll(full)
      for (int s = part * 4; s < part * 4 + steps; s++) {
        __m512i first = _mm512_loadu_si512(tile->weights[b][s][0]);
        __m512i second = _mm512_loadu_si512(tile->weights[b][s][1]);
        for (size_t c = 0; c < columns; c++) {
          const ck_eights *at = (const ck_eights *)(const void *)(group + c * x_stride);
          __m512i four = four_of(at, b % 4, s, manner);
          dots[c][0] = _mm512_dpbusd_epi32(dots[c][0], first, four);
          dots[c][1] = _mm512_dpbusd_epi32(dots[c][1], second, four);
        }
      }
      const float *row_steps = tile->steps[manner.sixteens ? b * 2 + (size_t)part : b];
      __m512 first = _mm512_loadu_ps(row_steps), second = _mm512_loadu_ps(row_steps + 16);
      for (size_t c = 0; c < columns; c++) {
        const ck_eights *at = (const ck_eights *)(const void *)(group + c * x_stride);
        __m512 scale = _mm512_set1_ps(at->scales[b % 4]);
        sums[c][0] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(dots[c][0]), _mm512_mul_ps(first, scale),
                                     sums[c][0]);
        sums[c][1] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(dots[c][1]), _mm512_mul_ps(second, scale),
                                     sums[c][1]);
      }
    }
    if (manner.has_least) {
      __m512 first = _mm512_loadu_ps(tile->least[b]), second = _mm512_loadu_ps(tile->least[b] + 16);
      for (size_t c = 0; c < columns; c++) {
        const ck_eights *at = (const ck_eights *)(const void *)(group + c * x_stride);
        __m512 sum = _mm512_set1_ps(at->sums[b % 4]);
        sums[c][0] = _mm512_fmadd_ps(first, sum, sums[c][0]);
        sums[c][1] = _mm512_fmadd_ps(second, sum, sums[c][1]);
      }
    }
  }
  for (size_t c = 0; c < columns; c++) {
    float *out = y + c * y_stride;
    _mm512_mask_storeu_ps(out, first_rows, sums[c][0]);
    _mm512_mask_storeu_ps(out + 16, second_rows, sums[c][1]);
  }
}

#define MEET(count)                                                                           \
  meet(&tile, blocks, column, x_stride, count, out, y_stride, first_rows, second_rows, at > 0, \
       manner)

VNNI_INLINE void multiply(int type, ck_manner manner, const void *weights, size_t k,
                          size_t first_row, size_t end_row, const void *x, size_t x_stride,
                          size_t columns, float *y, size_t y_stride) {
  size_t length = ck_block_length(type), size = ck_block_size(type);
  size_t row_size = k / length * size;
  ck_tile tile;
  for (size_t r = first_row; r < end_row; r += ROWS) {
    size_t rows = end_row - r < ROWS ? end_row - r : ROWS;
    __mmask16 first_rows = rows >= 16 ? 0xffff : (__mmask16)((1u << rows) - 1);
    __mmask16 second_rows = rows > 16 ? (__mmask16)((1u << (rows - 16)) - 1) : 0;
    for (size_t at = 0; at < k; at += SLICE) {
      size_t blocks = (k - at < SLICE ? k - at : SLICE) / 32;
      unfold(type, (const uint8_t *)weights + r * row_size + at / length * size, row_size, rows,
             blocks, &tile);
      for (size_t c = 0; c < columns;) {
        const uint8_t *column =
            (const uint8_t *)x + c * x_stride + at / 128 * sizeof(ck_eights);
        float *out = y + c * y_stride + r;
        size_t left = columns - c;
        switch (left) {
          case 1:
            MEET(1);
            break;
          case 2:
            MEET(2);
            break;
          case 3:
            MEET(3);
            break;
          case 4:
            MEET(4);
            break;
          case 5:
            MEET(5);
            break;
          default:
            MEET(6);
        }
        c += left < COLUMNS ? left : COLUMNS;
      }
    }
  }
}

#define MULTIPLY(name, type, ...)                                                              \
  VNNI void ck_tiles_##name(const void *weights, size_t k, size_t first_row, size_t end_row,   \
                            const void *x, size_t x_stride, size_t columns, float *y,          \
                            size_t y_stride) {                                                 \
    multiply(type, (ck_manner)__VA_ARGS__, weights, k, first_row, end_row, x, x_stride, columns, \
             y, y_stride);                                                                     \
  }

MULTIPLY(q4_0, CK_TYPE_Q4_0, {.zero_shift = 3, .in_halves = 1})
MULTIPLY(q8_0, CK_TYPE_Q8_0, {.zero_shift = 7})
MULTIPLY(q4_k, CK_TYPE_Q4_K, {.zero_shift = -1, .has_least = 1})
MULTIPLY(q6_k, CK_TYPE_Q6_K, {.zero_shift = 5, .sixteens = 1})
#endif
