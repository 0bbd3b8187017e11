// 4- and 8-bit weights times vectors of 8 bits, for any CPU and for AVX2: a piece of a row becomes
// bytes and scales, and meets every column.
#include <string.h>

#include "blocks.h"
#include "eights.h"
#include "families.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

// Up to 256 weights of a row: number j is steps[j / 16] * weights[j] + least[j / 32].
typedef struct {
  int8_t weights[256];
  float steps[16];
  float least[8];
} ck_piece;

static inline __attribute__((always_inline)) void unfold_nibbles(const uint8_t *from, int8_t *low,
                                                                 int8_t *high, int count,
                                                                 int zero) {
  for (int j = 0; j < count; j++) {
    low[j] = (int8_t)((from[j] & 15) - zero);
    high[j] = (int8_t)((from[j] >> 4) - zero);
  }
}

static inline __attribute__((always_inline)) void unfold_q6_k(const ck_block_q6_k *block,
                                                              ck_piece *piece) {
  for (int half = 0; half < 2; half++) {
    const uint8_t *low = block->low + half * 64, *high = block->high + half * 32;
    int8_t *out = piece->weights + half * 128;
    for (int j = 0; j < 32; j++) {
      out[j] = (int8_t)(((low[j] & 15) | (high[j] & 3) << 4) - 32);
      out[j + 32] = (int8_t)(((low[j + 32] & 15) | (high[j] >> 2 & 3) << 4) - 32);
      out[j + 64] = (int8_t)((low[j] >> 4 | (high[j] >> 4 & 3) << 4) - 32);
      out[j + 96] = (int8_t)((low[j + 32] >> 4 | (high[j] >> 6) << 4) - 32);
    }
  }
  float d = ck_half_to_float(block->d);
  for (int j = 0; j < 16; j++) piece->steps[j] = d * (float)block->scales[j];
}

// `type` is constant wherever this is used: each kernel keeps only its own case.
static inline __attribute__((always_inline)) void unfold(int type, const uint8_t *row,
                                                         size_t blocks, ck_piece *piece) {
  if (type == CK_TYPE_Q4_K) {
    const ck_block_q4_k *block = (const ck_block_q4_k *)(const void *)row;
    float d = ck_half_to_float(block->d), dmin = ck_half_to_float(block->dmin);
    for (int b = 0; b < 8; b++) {
      uint8_t scale, minimum;
      ck_q4_k_scale(block->scales, b, &scale, &minimum);
      piece->steps[b * 2] = piece->steps[b * 2 + 1] = d * (float)scale;
      piece->least[b] = -dmin * (float)minimum;
    }
    for (int b = 0; b < 4; b++) {
      int8_t *out = piece->weights + b * 64;
      unfold_nibbles(block->nibbles + b * 32, out, out + 32, 32, 0);
    }
    return;
  }
  if (type == CK_TYPE_Q6_K) {
    unfold_q6_k((const ck_block_q6_k *)(const void *)row, piece);
    return;
  }
  for (size_t b = 0; b < blocks; b++) {
    int8_t *out = piece->weights + b * 32;
    uint16_t d;
    if (type == CK_TYPE_Q4_0) {
      const ck_block_q4_0 *block = (const ck_block_q4_0 *)(const void *)row + b;
      unfold_nibbles(block->nibbles, out, out + 16, 16, 8);
      d = block->d;
    } else if (type == CK_TYPE_Q4_1) {
      const ck_block_q4_1 *block = (const ck_block_q4_1 *)(const void *)row + b;
      unfold_nibbles(block->nibbles, out, out + 16, 16, 0);
      piece->least[b] = ck_half_to_float(block->m);
      d = block->d;
    } else {
      const ck_block_q8_0 *block = (const ck_block_q8_0 *)(const void *)row + b;
      memcpy(out, block->weights, 32);
      d = block->d;
    }
    piece->steps[b * 2] = piece->steps[b * 2 + 1] = ck_half_to_float(d);
  }
}

static inline __attribute__((always_inline)) float meet_portable(const ck_piece *piece,
                                                                 const ck_eights *x, size_t blocks,
                                                                 int has_least) {
  float sum = 0;
  for (size_t b = 0; b < blocks; b++) {
    const ck_eights *group = x + b / 4;
    const int8_t *a = piece->weights + b * 32, *c = group->numbers + b % 4 * 32;
    int32_t first = 0, second = 0;
    for (int j = 0; j < 16; j++) first += (int32_t)a[j] * c[j];
    for (int j = 16; j < 32; j++) second += (int32_t)a[j] * c[j];
    float step = piece->steps[b * 2] * (float)first + piece->steps[b * 2 + 1] * (float)second;
    sum += step * group->scales[b % 4];
    if (has_least) sum += piece->least[b] * group->sums[b % 4];
  }
  return sum;
}

#if defined(__x86_64__)
static inline __attribute__((always_inline, target("avx2,fma,f16c"))) float meet_avx2(
    const ck_piece *piece, const ck_eights *x, size_t blocks, int has_least) {
  __m256 sums = _mm256_setzero_ps();
  float rest = 0;
  for (size_t b = 0; b < blocks; b++) {
    const ck_eights *group = x + b / 4;
    __m256i a = _mm256_loadu_si256((const __m256i *)(const void *)(piece->weights + b * 32));
    __m256i c = _mm256_loadu_si256((const __m256i *)(const void *)(group->numbers + b % 4 * 32));
    // One factor must be unsigned: the sign of the weight goes to the other. 128 * 127 * 2 fits.
    __m256i pairs = _mm256_maddubs_epi16(_mm256_abs_epi8(a), _mm256_sign_epi8(c, a));
    __m256 dots = _mm256_cvtepi32_ps(_mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
    __m256 steps = _mm256_insertf128_ps(_mm256_set1_ps(piece->steps[b * 2]),
                                        _mm_set1_ps(piece->steps[b * 2 + 1]), 1);
    steps = _mm256_mul_ps(steps, _mm256_set1_ps(group->scales[b % 4]));
    sums = _mm256_fmadd_ps(dots, steps, sums);
    if (has_least) rest += piece->least[b] * group->sums[b % 4];
  }
  __m128 four = _mm_add_ps(_mm256_castps256_ps128(sums), _mm256_extractf128_ps(sums, 1));
  four = _mm_add_ps(four, _mm_movehl_ps(four, four));
  four = _mm_add_ss(four, _mm_movehdup_ps(four));
  return _mm_cvtss_f32(four) + rest;
}
#endif

// Q4_1 in the order of sums that ggml has: each of a block's eight groups of four products goes to a
// lane of its own, and what the minima give is summed apart. `kept`: eight lanes, and the minima's.
static inline __attribute__((always_inline)) void keep_portable(const ck_piece *piece,
                                                                const ck_eights *x, size_t blocks,
                                                                float kept[9]) {
  for (size_t b = 0; b < blocks; b++) {
    const ck_eights *group = x + b / 4;
    const int8_t *a = piece->weights + b * 32, *c = group->numbers + b % 4 * 32;
    float step = piece->steps[b * 2] * group->scales[b % 4];
    for (int lane = 0; lane < 8; lane++) {
      int32_t dot = 0;
      for (int j = lane * 4; j < lane * 4 + 4; j++) dot += (int32_t)a[j] * c[j];
      kept[lane] += step * (float)dot;
    }
    kept[8] += piece->least[b] * group->sums[b % 4];
  }
}

#if defined(__x86_64__)
static inline __attribute__((always_inline, target("avx2,fma,f16c"))) void keep_avx2(
    const ck_piece *piece, const ck_eights *x, size_t blocks, float kept[9]) {
  __m256 sums = _mm256_loadu_ps(kept);
  __m128 rest = _mm_load_ss(kept + 8);
  for (size_t b = 0; b < blocks; b++) {
    const ck_eights *group = x + b / 4;
    __m256i a = _mm256_loadu_si256((const __m256i *)(const void *)(piece->weights + b * 32));
    __m256i c = _mm256_loadu_si256((const __m256i *)(const void *)(group->numbers + b % 4 * 32));
    __m256i pairs = _mm256_maddubs_epi16(a, c);  // 15 * 127 * 2 fits
    __m256 dots = _mm256_cvtepi32_ps(_mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
    __m256 steps = _mm256_set1_ps(piece->steps[b * 2] * group->scales[b % 4]);
    sums = _mm256_fmadd_ps(steps, dots, sums);
    rest = _mm_fmadd_ss(_mm_load_ss(piece->least + b), _mm_load_ss(group->sums + b % 4), rest);
  }
  _mm256_storeu_ps(kept, sums);
  _mm_store_ss(kept + 8, rest);
}
#endif

static inline float fold(const float kept[9]) {
  float four[4];
  for (int i = 0; i < 4; i++) four[i] = kept[i] + kept[i + 4];
  return (four[0] + four[2]) + (four[1] + four[3]) + kept[8];
}

// Columns whose lanes are kept from piece to piece.
enum { KEPT_COLUMNS = 16 };

#define MULTIPLY_IN_LANES(level, attributes)                                                   \
  attributes static void multiply_q4_1_##level(                                                \
      const void *weights, size_t k, size_t first_row, size_t end_row, const void *x,          \
      size_t x_stride, size_t columns, float *y, size_t y_stride) {                            \
    size_t row_size = k / 32 * sizeof(ck_block_q4_1);                                          \
    for (size_t r = first_row; r < end_row; r++) {                                             \
      for (size_t from = 0; from < columns; from += KEPT_COLUMNS) {                            \
        size_t end = columns - from < KEPT_COLUMNS ? columns : from + KEPT_COLUMNS;            \
        float kept[KEPT_COLUMNS][9] = {0};                                                     \
        for (size_t at = 0; at < k; at += 256) {                                               \
          ck_piece piece;                                                                      \
          size_t blocks = (k - at < 256 ? k - at : 256) / 32;                                  \
          unfold(CK_TYPE_Q4_1,                                                                 \
                 (const uint8_t *)weights + r * row_size + at / 32 * sizeof(ck_block_q4_1),    \
                 blocks, &piece);                                                              \
          for (size_t c = from; c < end; c++) {                                                \
            const uint8_t *column = (const uint8_t *)x + c * x_stride;                         \
            keep_##level(&piece, (const ck_eights *)(const void *)column + at / 128, blocks,   \
                         kept[c - from]);                                                      \
          }                                                                                    \
        }                                                                                      \
        for (size_t c = from; c < end; c++) y[c * y_stride + r] = fold(kept[c - from]);        \
      }                                                                                        \
    }                                                                                          \
  }                                                                                            \
  static const ck_matrix_kernel q4_1_##level = {CK_ACTIVATION_Q8, 1, NULL,                     \
                                                multiply_q4_1_##level};

#define MULTIPLY(level, attributes, name, type, form)                                          \
  attributes static void multiply_##name##_##level(                                            \
      const void *weights, size_t k, size_t first_row, size_t end_row, const void *x,          \
      size_t x_stride, size_t columns, float *y, size_t y_stride) {                            \
    size_t row_size = k / ck_block_length(type) * ck_block_size(type);                         \
    size_t piece_size = 256 / ck_block_length(type) * ck_block_size(type);                     \
    for (size_t r = first_row; r < end_row; r++) {                                             \
      const uint8_t *row = (const uint8_t *)weights + r * row_size;                            \
      for (size_t c = 0; c < columns; c++) y[c * y_stride + r] = 0;                            \
      for (size_t at = 0; at < k; at += 256, row += piece_size) {                              \
        ck_piece piece;                                                                        \
        size_t blocks = (k - at < 256 ? k - at : 256) / 32;                                    \
        unfold(type, row, blocks, &piece);                                                     \
        for (size_t c = 0; c < columns; c++) {                                                 \
          const ck_eights *column =                                                            \
              (const ck_eights *)(const void *)((const uint8_t *)x + c * x_stride) + at / 128; \
          y[c * y_stride + r] += meet_##level(                                                 \
              &piece, column, blocks, (type) == CK_TYPE_Q4_K);                                 \
        }                                                                                      \
      }                                                                                        \
    }                                                                                          \
  }                                                                                            \
  static const ck_matrix_kernel name##_##level = {form, 1, NULL, multiply_##name##_##level};

#define KERNELS(level, attributes)                                             \
  MULTIPLY(level, attributes, q4_0, CK_TYPE_Q4_0, CK_ACTIVATION_Q8)            \
  MULTIPLY_IN_LANES(level, attributes)                                         \
  MULTIPLY(level, attributes, q8_0, CK_TYPE_Q8_0, CK_ACTIVATION_Q8)            \
  MULTIPLY(level, attributes, q4_k, CK_TYPE_Q4_K, CK_ACTIVATION_Q8_K)          \
  MULTIPLY(level, attributes, q6_k, CK_TYPE_Q6_K, CK_ACTIVATION_Q8_K)

#define CHOOSE(level)         \
  switch (type) {             \
    case CK_TYPE_Q4_0:        \
      return &q4_0_##level;   \
    case CK_TYPE_Q4_1:        \
      return &q4_1_##level;   \
    case CK_TYPE_Q8_0:        \
      return &q8_0_##level;   \
    case CK_TYPE_Q4_K:        \
      return &q4_k_##level;   \
    case CK_TYPE_Q6_K:        \
      return &q6_k_##level;   \
    default:                  \
      return NULL;            \
  }

KERNELS(portable, )
#if defined(__x86_64__)
KERNELS(avx2, __attribute__((target("avx2,fma,f16c"))))
#endif

const ck_matrix_kernel *ck_eights_kernel(int type, ck_level level) {
#if defined(__x86_64__)
  if (level >= CK_LEVEL_AVX2) CHOOSE(avx2)
#endif
  (void)level;
  CHOOSE(portable)
}
