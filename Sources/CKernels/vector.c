// The vector operations at each level, and the choice among them.
#include "vector.h"

#include <math.h>
#include <string.h>

#include "blocks.h"
#include "dispatch.h"

typedef float floats __attribute__((ext_vector_type(16)));
typedef float fours __attribute__((ext_vector_type(4)));
typedef double doubles __attribute__((ext_vector_type(8)));
typedef int32_t ints __attribute__((ext_vector_type(16)));
typedef int8_t bytes __attribute__((ext_vector_type(16)));

enum {
  CK_TILE = 64,  // positions that attention takes at once
  CK_ROWS = 4,   // heads that it takes at once, of one query
  CK_BLOCK_ROWS = 48,    // heads of queries that share a tile
  CK_BLOCK_QUERIES = 2,  // queries that go together, as in ggml
};

// Vectors never cross from one function to another that is not inlined.
#pragma clang diagnostic ignored "-Wpsabi"

// What attention keeps in registers: MICRO_VECTORS is 2 or 4, SCORE_VECTORS no more.
#define MICRO_ROWS 3
#define MICRO_VECTORS 2
#define SCORE_VECTORS 1
#define MOST_ROWS (MICRO_ROWS > CK_ROWS ? MICRO_ROWS : CK_ROWS)
#define CK_NAMED(name) name##_portable
// a * b + c, rounded once where the CPU can: otherwise the C library would have to.
#if defined(__aarch64__)
#define CK_FMA(a, b, c) __builtin_elementwise_fma(a, b, c)
typedef _Float16 halves __attribute__((ext_vector_type(16)));
#define CK_HAS_HALVES 1
#else
#define CK_FMA(a, b, c) ((a) * (b) + (c))
#define CK_HAS_HALVES 0
#endif
#include "vector_body.h"
#include "attention_body.h"
#include "attention_block_body.h"
#undef CK_NAMED
#undef CK_HAS_HALVES
#undef CK_FMA

#if defined(__x86_64__)
typedef _Float16 halves __attribute__((ext_vector_type(16)));
#define CK_HAS_HALVES 1
#define CK_FMA(a, b, c) __builtin_elementwise_fma(a, b, c)

#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)
#define CK_NAMED(name) name##_avx2
#include "vector_body.h"
#include "attention_body.h"
#include "attention_block_body.h"
#undef CK_NAMED
#pragma clang attribute pop

#pragma clang attribute push(                                                            \
    __attribute__((target("avx2,fma,f16c,avx512f,avx512bw,avx512vl,avx512dq"))),         \
    apply_to = function)
#undef MICRO_ROWS
#undef MICRO_VECTORS
#undef SCORE_VECTORS
#define MICRO_ROWS 6
#define MICRO_VECTORS 4
#define SCORE_VECTORS 2
#define CK_NAMED(name) name##_avx512
#include "vector_body.h"
#include "attention_body.h"
#include "attention_block_body.h"
#undef CK_NAMED
#pragma clang attribute pop
#endif

void ck_rms_norm(const float *x, const float *weight, float *y, size_t count, float epsilon,
                 ck_level level) {
  DISPATCH(rms_norm, x, weight, y, count, epsilon);
}

void ck_layer_norm(const float *x, const float *weight, const float *bias, float *y, size_t count,
                   float epsilon, ck_level level) {
  DISPATCH(layer_norm, x, weight, bias, y, count, epsilon);
}

void ck_rope(float *x, size_t heads, size_t head_length, size_t rotated, const float *cosines,
             const float *sines, ck_rope_layout layout, ck_level level) {
  for (size_t h = 0; h < heads; h++, x += head_length) {
    if (layout == CK_ROPE_HALVES) {
      DISPATCH(rope_halves, x, rotated / 2, cosines, sines);
    } else {
      DISPATCH(rope_neighbours, x, rotated / 2, cosines, sines);
    }
  }
}

void ck_softmax(float *x, size_t count, float scale, ck_level level) {
  if (count == 0) return;
  float from = DISPATCH(maximum, x, count);
  float sum = DISPATCH(exponentials, x, count, from, scale);
  DISPATCH(scale, x, x, x, count, 1.0f / sum);
}

float ck_maximum(const float *x, size_t count, ck_level level) {
  return DISPATCH(maximum, x, count);
}

size_t ck_argmax(const float *x, size_t count, ck_level level) {
  return DISPATCH(find, x, count, DISPATCH(maximum, x, count));
}

float ck_log_sum_exp(const float *x, size_t count, ck_level level) {
  float from = DISPATCH(maximum, x, count);
  if (count == 0 || isinf(from)) return from;
  return from + logf(DISPATCH(sum_of_exponentials, x, count, from));
}

void ck_silu_times(const float *gate, const float *up, float *y, size_t count, ck_level level) {
  DISPATCH(silu_times, gate, up, y, count, 0);
}

void ck_gelu_times(const float *gate, const float *up, float *y, size_t count, ck_level level) {
  DISPATCH(gelu_times, gate, up, y, count, 0);
}

void ck_gelu_tanh(float *x, size_t count, ck_level level) {
  DISPATCH(gelu_tanh, x, x, x, count, 0);
}

void ck_gelu_erf(float *x, size_t count, ck_level level) {
  DISPATCH(gelu_erf, x, x, x, count, 0);
}

void ck_add(float *y, const float *x, size_t count, ck_level level) {
  DISPATCH(add, y, x, y, count, 0);
}

void ck_scale(float *x, size_t count, float factor, ck_level level) {
  DISPATCH(scale, x, x, x, count, factor);
}

void ck_soft_cap(float *x, size_t count, float cap, ck_level level) {
  DISPATCH(soft_cap, x, x, x, count, cap);
}

size_t ck_cache_row_size(ck_cache_form form, size_t count) {
  return form == CK_CACHE_F16 ? count * 2 : count / 32 * sizeof(ck_block_q8_0);
}

void ck_cache_row(ck_cache_form form, const float *x, void *row, size_t count, ck_level level) {
  if (form == CK_CACHE_F16) {
    DISPATCH(cache_f16, x, row, count);
  } else {
    DISPATCH(cache_q8, x, row, count);
  }
}

size_t ck_attention_scratch(const ck_attention *attention) {
  size_t length = attention->head_length, positions = 0;
  for (size_t q = 0; q < attention->queries; q++) {
    positions = attention->end[q] > positions ? attention->end[q] : positions;
  }
  positions = (positions + CK_TILE - 1) / CK_TILE * CK_TILE;
  size_t rows = attention->queries < CK_BLOCK_QUERIES ? CK_ROWS : CK_BLOCK_ROWS;
  size_t numbers = (rows + CK_TILE + 1) * length + CK_TILE;  // queries, keys, a spare row
  return ((numbers + rows * positions) * sizeof(float) + 63) / 64 * 64;
}

void ck_attend(const ck_attention *attention, size_t first_head, size_t end_head, void *scratch,
               ck_level level) {
  DISPATCH(attend, attention, first_head, end_head, scratch);
}
