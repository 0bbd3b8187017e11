// What an encoder such as BERT computes, in f32: many tokens at once, all of a batch in one matrix.
//
// Rows are tokens. Strides and counts are in floats. No output overlaps an input unless said.
#pragma once

#include <stddef.h>

#include "ckernels.h"

// Floats that a matrix of `rows` rows of `k` takes when it is packed: rows are rounded up.
size_t ck_encoder_packed_count(size_t rows, size_t k, ck_level level);

// Rows of f32 as a file has them, at any byte, put side by side in the order of `ck_encoder_dense`.
void ck_encoder_pack(const void *weights, size_t rows, size_t k, float *packed, ck_level level);

// y[t][r] = bias[r] + sum of x[t][i] * weights[r][i]
void ck_encoder_dense(const float *x, size_t x_stride, size_t tokens, const float *packed, size_t rows,
              size_t k, const float *bias, float *y, size_t y_stride, ck_level level);

// x = x * (1 + erf(x / sqrt 2)) / 2, in place; erf is off by 4e-7 at most.
void ck_encoder_gelu(float *x, size_t count, ck_level level);

// y = scale * normal(x + added) + shift, row by row; `added` may be NULL. y may be x.
void ck_encoder_norm(const float *x, const float *added, const float *scale, const float *shift,
                   float epsilon, size_t tokens, size_t width, float *y, ck_level level);

// Each token of one text looks at all of them. Rows of `qkv` hold the queries of all heads, then the
// keys, then the values. `scratch` has ck_encoder_attention_scratch floats.
void ck_encoder_attention(const float *qkv, size_t stride, size_t tokens, size_t heads, size_t width,
                       float *scratch, float *y, size_t y_stride, ck_level level);
size_t ck_encoder_attention_scratch(size_t tokens, size_t width);
