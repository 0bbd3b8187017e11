// What a transformer does outside its matrices: norms, positions, attention, activations.
//
// All numbers are f32 unless said otherwise. Pointers need no alignment. Results differ between
// levels in the last bits (order of sums), never between calls at one level.
#pragma once

#include "ckernels.h"

// y = x / rms(x) * weight, rms² = mean(x²) + epsilon. y may be x.
void ck_rms_norm(const float *x, const float *weight, float *y, size_t count, float epsilon,
                 ck_level level);

// y = (x - mean) / sqrt(variance + epsilon) * weight + bias. y may be x.
void ck_layer_norm(const float *x, const float *weight, const float *bias, float *y, size_t count,
                   float epsilon, ck_level level);

// Which numbers of a head turn together: neighbours (2i, 2i + 1), or i and i + rotated / 2.
typedef enum { CK_ROPE_NEIGHBOURS = 0, CK_ROPE_HALVES = 1 } ck_rope_layout;

// Turns the first `rotated` (even) numbers of each of `heads` heads, which lie head_length apart.
// cosines and sines: rotated / 2 each, for one position, scaling included.
void ck_rope(float *x, size_t heads, size_t head_length, size_t rotated, const float *cosines,
             const float *sines, ck_rope_layout layout, ck_level level);

// x = softmax(x * scale), in place. Relative error of an exponential: 2e-7.
void ck_softmax(float *x, size_t count, float scale, ck_level level);

// The greatest number, and where it is first. An empty x: -infinity, 0. NaN is passed over.
float ck_maximum(const float *x, size_t count, ck_level level);
size_t ck_argmax(const float *x, size_t count, ck_level level);

// ln Σ exp(x): what turns a logit into a log-probability.
float ck_log_sum_exp(const float *x, size_t count, ck_level level);

// y = silu(gate) * up, gelu(gate) * up (tanh form). y may be gate or up.
void ck_silu_times(const float *gate, const float *up, float *y, size_t count, ck_level level);
void ck_gelu_times(const float *gate, const float *up, float *y, size_t count, ck_level level);

// x = gelu(x), in place: with tanh, or with the error function (absolute error 2e-7).
void ck_gelu_tanh(float *x, size_t count, ck_level level);
void ck_gelu_erf(float *x, size_t count, ck_level level);

// y += x; x *= factor; x = cap * tanh(x / cap).
void ck_add(float *y, const float *x, size_t count, ck_level level);
void ck_scale(float *x, size_t count, float factor, ck_level level);
void ck_soft_cap(float *x, size_t count, float cap, ck_level level);

// Rows of a cache: f16 (2 bytes a number), or 8 bits in blocks of 32 with an f16 scale (34 bytes a
// block, the layout of Q8_0; count a multiple of 32). To the nearest, ties to even.
typedef enum { CK_CACHE_F16 = 0, CK_CACHE_Q8 = 1 } ck_cache_form;
size_t ck_cache_row_size(ck_cache_form form, size_t count);
void ck_cache_row(ck_cache_form form, const float *x, void *row, size_t count, ck_level level);

// Attention of `queries` queries against the cached positions of one sequence.
//
// Query q of head h is at query + q * query_stride + h * head_length (floats); its result goes to
// the same place of `out` with out_stride. Key p of cache head j is at
// keys + p * position_stride + j * head_stride (bytes), values likewise.
// Heads h * (heads / cache_heads) ... share cache head h. Query q sees positions first[q] ..< end[q];
// a query that sees none gives zeros.
typedef struct {
  ck_cache_form form;
  size_t heads, cache_heads;  // heads is a multiple of cache_heads
  size_t head_length;         // a multiple of 32, at most 512
  size_t queries;
  const float *query;
  size_t query_stride;
  float *out;
  size_t out_stride;
  const void *keys, *values;
  size_t position_stride, head_stride;
  const size_t *first, *end;
  float scale;  // of q · k, usually 1 / sqrt(head_length)
  float cap;    // 0: none; else scores become cap * tanh(score / cap)
} ck_attention;

// For cache heads first_head ..< end_head (and the heads that share them), so that threads share the
// work; they may share it by queries too. scratch: ck_attention_scratch bytes a thread, 64-aligned.
size_t ck_attention_scratch(const ck_attention *attention);
void ck_attend(const ck_attention *attention, size_t first_head, size_t end_head, void *scratch,
               ck_level level);
