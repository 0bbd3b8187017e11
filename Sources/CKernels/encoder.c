#include "encoder.h"

#include <string.h>

// One body, written in vectors of a width that each level has.
#define CK_NAME(name) ck_portable_##name
#define CK_TARGET
#define CK_LANES 4
#if defined(__aarch64__)
#define CK_TILE 14
#else
#define CK_TILE 6
#endif
#include "encoder_body.h"
#undef CK_NAME
#undef CK_TARGET
#undef CK_LANES
#undef CK_TILE

#if defined(__x86_64__)
#define CK_NAME(name) ck_avx2_##name
#define CK_TARGET __attribute__((target("avx2,fma")))
#define CK_LANES 8
#define CK_TILE 6
#include "encoder_body.h"
#undef CK_NAME
#undef CK_TARGET
#undef CK_LANES
#undef CK_TILE

#define CK_NAME(name) ck_avx512_##name
#define CK_TARGET __attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,avx2,fma")))
#define CK_LANES 16
#define CK_TILE 14
#include "encoder_body.h"
#undef CK_NAME
#undef CK_TARGET
#undef CK_LANES
#undef CK_TILE

#define BY_LEVEL(level, name, ...)                    \
  do {                                                \
    if ((level) >= CK_LEVEL_AVX512_VNNI) {            \
      ck_avx512_##name(__VA_ARGS__);                  \
    } else if ((level) >= CK_LEVEL_AVX2) {            \
      ck_avx2_##name(__VA_ARGS__);                    \
    } else {                                          \
      ck_portable_##name(__VA_ARGS__);                \
    }                                                 \
  } while (0)
#else
// NEON's vectors have four floats, and so do the portable ones: on that machine they are the same.
#define BY_LEVEL(level, name, ...) ((void)(level), ck_portable_##name(__VA_ARGS__))
#endif

static size_t panel_width(ck_level level) {
#if defined(__x86_64__)
  if (level >= CK_LEVEL_AVX512_VNNI) return 32;
  if (level >= CK_LEVEL_AVX2) return 16;
#endif
  (void)level;
  return 8;
}

size_t ck_encoder_packed_count(size_t rows, size_t k, ck_level level) {
  size_t width = panel_width(level);
  return (rows + width - 1) / width * width * k;
}

void ck_encoder_pack(const void *weights, size_t rows, size_t k, float *packed, ck_level level) {
  size_t width = panel_width(level);
  for (size_t row = 0; row < rows; row += width, packed += width * k) {
    for (size_t r = 0; r < width; r++) {
      const char *source = (const char *)weights + (row + r) * k * 4;
      for (size_t i = 0; i < k; i++) {
        float value = 0;
        if (row + r < rows) memcpy(&value, source + i * 4, 4);
        packed[i * width + r] = value;
      }
    }
  }
}

void ck_encoder_dense(const float *x, size_t x_stride, size_t tokens, const float *packed, size_t rows,
              size_t k, const float *bias, float *y, size_t y_stride, ck_level level) {
  BY_LEVEL(level, dense, x, x_stride, tokens, packed, rows, k, bias, y, y_stride);
}

void ck_encoder_gelu(float *x, size_t count, ck_level level) { BY_LEVEL(level, gelu, x, count); }

void ck_encoder_norm(const float *x, const float *added, const float *scale, const float *shift,
                   float epsilon, size_t tokens, size_t width, float *y, ck_level level) {
  BY_LEVEL(level, layer_norm, x, added, scale, shift, epsilon, tokens, width, y);
}

void ck_encoder_attention(const float *qkv, size_t stride, size_t tokens, size_t heads, size_t width,
                       float *scratch, float *y, size_t y_stride, ck_level level) {
  BY_LEVEL(level, self_attention, qkv, stride, tokens, heads, width, scratch, y, y_stride);
}

size_t ck_encoder_attention_scratch(size_t tokens, size_t width) {
  return (tokens + 15) / 16 * 16 * (width + 4);
}
