// The kernels of encoder.h for one width of vectors. Included once a level, with
//   CK_NAME(name)  the name of a function at this level
//   CK_TARGET      the instructions it may use
//   CK_LANES       floats a vector
//   CK_TILE        tokens a tile of ck_encoder_dense: with two vectors each, as many as the registers hold

typedef float CK_NAME(vec) __attribute__((ext_vector_type(CK_LANES)));
typedef float CK_NAME(loose)
    __attribute__((ext_vector_type(CK_LANES), aligned(4), may_alias));
typedef int CK_NAME(ints) __attribute__((ext_vector_type(CK_LANES)));

#define VEC CK_NAME(vec)
#define INTS CK_NAME(ints)
#define LOAD(p) ((VEC)(*(const CK_NAME(loose) *)(p)))
#define STORE(p, v) (*(CK_NAME(loose) *)(p) = (v))
#define INLINE static inline __attribute__((always_inline)) CK_TARGET
#define UNROLL _Pragma("clang loop unroll(full)")

INLINE float CK_NAME(sum)(VEC v) {
  float total = 0;
  UNROLL for (int i = 0; i < CK_LANES; i++) total += v[i];
  return total;
}

// e to the power of v, for v <= 0; 0 below -87.
INLINE VEC CK_NAME(exp)(VEC v) {
  const float magic = 12582912.0f;  // 1.5 * 2^23: adding it rounds to a whole number
  VEC low = v < -87.0f ? (VEC)(-87.0f) : v;
  VEC scaled = low * 1.44269504f + magic;
  VEC whole = scaled - magic;
  VEC rest = low - whole * 0.693359375f;
  rest = rest + whole * 2.12194440e-4f;
  VEC r = rest * 1.3888889e-3f + 8.3333333e-3f;
  r = r * rest + 4.1666667e-2f;
  r = r * rest + 1.6666667e-1f;
  r = r * rest + 0.5f;
  r = r * rest + 1.0f;
  r = r * rest + 1.0f;
  INTS power = (__builtin_convertvector(whole, INTS) + 127) << 23;
  VEC factor;
  __builtin_memcpy(&factor, &power, sizeof factor);
  return r * factor;
}

// One tile: `count` tokens (known when this is inlined) by two vectors of rows.
INLINE void CK_NAME(tile)(const int count, const float *x, size_t x_stride, const float *panel,
                          size_t k, VEC bias0, VEC bias1, float *y, size_t y_stride) {
  VEC sums[CK_TILE][2];
  UNROLL for (int t = 0; t < count; t++) {
    sums[t][0] = bias0;
    sums[t][1] = bias1;
  }
  for (size_t i = 0; i < k; i++) {
    VEC w0 = LOAD(panel + i * 2 * CK_LANES);
    VEC w1 = LOAD(panel + i * 2 * CK_LANES + CK_LANES);
    UNROLL for (int t = 0; t < count; t++) {
      VEC a = x[t * x_stride + i];
      sums[t][0] += w0 * a;
      sums[t][1] += w1 * a;
    }
  }
  UNROLL for (int t = 0; t < count; t++) {
    STORE(y + t * y_stride, sums[t][0]);
    STORE(y + t * y_stride + CK_LANES, sums[t][1]);
  }
}

CK_TARGET static void CK_NAME(tiles)(const float *x, size_t x_stride, size_t tokens,
                                     const float *panel, size_t k, const float *bias, float *y,
                                     size_t y_stride) {
  VEC bias0 = LOAD(bias), bias1 = LOAD(bias + CK_LANES);
  // Tiles of nearly equal size: a last one of few tokens would leave the multipliers idle.
  size_t count = (tokens + CK_TILE - 1) / CK_TILE;
  for (size_t left = count; left > 0; left--) {
    int size = (int)((tokens + left - 1) / left);
    switch (size) {
#define CASE(n) \
  case n: CK_NAME(tile)(n, x, x_stride, panel, k, bias0, bias1, y, y_stride); break;
      CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6)
#if CK_TILE > 6
      CASE(7) CASE(8) CASE(9) CASE(10) CASE(11) CASE(12) CASE(13)
#endif
#undef CASE
#if CK_TILE > 6
      default: CK_NAME(tile)(CK_TILE, x, x_stride, panel, k, bias0, bias1, y, y_stride);
#endif
    }
    x += size * x_stride;
    y += size * y_stride;
    tokens -= (size_t)size;
  }
}

CK_TARGET static void CK_NAME(dense)(const float *x, size_t x_stride, size_t tokens,
                                     const float *packed, size_t rows, size_t k,
                                     const float *bias, float *y, size_t y_stride) {
  enum { width = 2 * CK_LANES };
  size_t row = 0;
  for (; row + width <= rows; row += width) {
    CK_NAME(tiles)(x, x_stride, tokens, packed + row * k, k, bias + row, y + row, y_stride);
  }
  if (row == rows) return;
  // The last rows are fewer than a panel's: their results go through a place of their own.
  float last_bias[width] = {0}, last[CK_TILE * width];
  for (size_t r = row; r < rows; r++) last_bias[r - row] = bias[r];
  for (size_t t = 0; t < tokens; t += CK_TILE) {
    size_t count = tokens - t < CK_TILE ? tokens - t : CK_TILE;
    CK_NAME(tiles)(x + t * x_stride, x_stride, count, packed + row * k, k, last_bias, last, width);
    for (size_t i = 0; i < count; i++) {
      __builtin_memcpy(y + (t + i) * y_stride + row, last + i * width, (rows - row) * 4);
    }
  }
}

CK_TARGET static void CK_NAME(gelu)(float *x, size_t count) {
  // erf(u)/u as a polynomial of s = 2 (u / 3.92)^2 - 1, fitted at Chebyshev's points.
  static const float c[15] = {
      0.36073681712f,  -0.18010942638f, 0.13408483565f,   -0.10914974660f, 0.09059221297f,
      -0.07433661073f, 0.05842582881f,  -0.04193466902f,  0.02960921265f,  -0.02365342341f,
      0.01434350200f,  -0.00288707879f, 0.00182033039f,   -0.00456754770f, 0.00212785811f};
  for (size_t i = 0; i < count; i += CK_LANES) {
    size_t left = count - i;
    VEC v = 0;
    if (left >= CK_LANES) {
      v = LOAD(x + i);
    } else {
      __builtin_memcpy(&v, x + i, left * 4);
    }
    VEC u = v * 0.70710678f;
    VEC limited = u < -3.92f ? (VEC)(-3.92f) : u;
    limited = limited > 3.92f ? (VEC)(3.92f) : limited;
    VEC s = limited * limited * (2.0f / (3.92f * 3.92f)) - 1.0f;
    VEC r = c[14];
    UNROLL for (int n = 13; n >= 0; n--) r = r * s + c[n];
    r = r * limited;
    VEC y = v * 0.5f + v * 0.5f * r;
    if (left >= CK_LANES) {
      STORE(x + i, y);
    } else {
      __builtin_memcpy(x + i, &y, left * 4);
    }
  }
}

CK_TARGET static void CK_NAME(layer_norm)(const float *x, const float *added, const float *scale,
                                          const float *shift, float epsilon, size_t tokens,
                                          size_t width, float *y) {
  size_t whole = width / CK_LANES * CK_LANES;
  for (size_t t = 0; t < tokens; t++, x += width, y += width) {
    VEC sums = 0;
    float sum = 0;
    for (size_t i = 0; i < whole; i += CK_LANES) {
      VEC v = LOAD(x + i);
      if (added) v += LOAD(added + i);
      STORE(y + i, v);
      sums += v;
    }
    for (size_t i = whole; i < width; i++) sum += y[i] = x[i] + (added ? added[i] : 0);
    float mean = (sum + CK_NAME(sum)(sums)) / (float)width;
    VEC squares = 0;
    float square = 0;
    for (size_t i = 0; i < whole; i += CK_LANES) {
      VEC v = LOAD(y + i) - mean;
      squares += v * v;
    }
    for (size_t i = whole; i < width; i++) square += (y[i] - mean) * (y[i] - mean);
    float variance = (square + CK_NAME(sum)(squares)) / (float)width;
    float factor = 1.0f / __builtin_sqrtf(variance + epsilon);
    for (size_t i = 0; i < whole; i += CK_LANES) {
      STORE(y + i, (LOAD(y + i) - mean) * factor * LOAD(scale + i) + LOAD(shift + i));
    }
    for (size_t i = whole; i < width; i++) y[i] = (y[i] - mean) * factor * scale[i] + shift[i];
    if (added) added += width;
  }
}

// The scores of up to four queries to all keys, as probabilities: `chances` has a row of `room` for
// each query, `keys` is transposed, its rows `room` long, zero past the tokens.
INLINE void CK_NAME(chances)(const int count, const float *q, size_t stride, const float *keys,
                             size_t tokens, size_t room, size_t width, float *chances,
                             float *factors) {
  float scale = 1.0f / __builtin_sqrtf((float)width);
  for (size_t j = 0; j < room; j += CK_LANES) {
    VEC sums[4];
    UNROLL for (int n = 0; n < count; n++) sums[n] = 0;
    for (size_t i = 0; i < width; i++) {
      VEC key = LOAD(keys + i * room + j);
      UNROLL for (int n = 0; n < count; n++) sums[n] += key * (VEC)(q[n * stride + i]);
    }
    UNROLL for (int n = 0; n < count; n++) STORE(chances + n * room + j, sums[n] * scale);
  }
  for (int n = 0; n < count; n++) {
    float *row = chances + (size_t)n * room;
    for (size_t j = tokens; j < room; j++) row[j] = -__builtin_inff();
    VEC highs = LOAD(row);
    for (size_t j = CK_LANES; j < room; j += CK_LANES) {
      VEC v = LOAD(row + j);
      highs = highs > v ? highs : v;
    }
    float high = highs[0];
    for (int i = 1; i < CK_LANES; i++) high = highs[i] > high ? highs[i] : high;
    VEC sums = 0;
    for (size_t j = 0; j < room; j += CK_LANES) {
      VEC v = CK_NAME(exp)(LOAD(row + j) - high);
      STORE(row + j, v);
      sums += v;
    }
    factors[n] = CK_NAME(sum)(sums);
    for (size_t j = tokens; j < room; j++) factors[n] -= row[j];
    factors[n] = 1.0f / factors[n];
  }
}

INLINE void CK_NAME(mix)(const int count, const float *chances, size_t room, const float *factors,
                         const float *values, size_t stride, size_t tokens, size_t width, float *y,
                         size_t y_stride) {
  size_t i = 0;
  for (; i + 2 * CK_LANES <= width; i += 2 * CK_LANES) {
    VEC sums[4][2];
    UNROLL for (int n = 0; n < count; n++) sums[n][0] = sums[n][1] = 0;
    for (size_t j = 0; j < tokens; j++) {
      VEC v0 = LOAD(values + j * stride + i), v1 = LOAD(values + j * stride + i + CK_LANES);
      UNROLL for (int n = 0; n < count; n++) {
        VEC chance = chances[n * room + j];
        sums[n][0] += v0 * chance;
        sums[n][1] += v1 * chance;
      }
    }
    UNROLL for (int n = 0; n < count; n++) {
      STORE(y + n * y_stride + i, sums[n][0] * factors[n]);
      STORE(y + n * y_stride + i + CK_LANES, sums[n][1] * factors[n]);
    }
  }
  for (; i < width; i++) {
    for (int n = 0; n < count; n++) {
      float sum = 0;
      for (size_t j = 0; j < tokens; j++) sum += chances[n * room + j] * values[j * stride + i];
      y[n * y_stride + i] = sum * factors[n];
    }
  }
}

CK_TARGET static void CK_NAME(self_attention)(const float *qkv, size_t stride, size_t tokens,
                                              size_t heads, size_t width, float *scratch, float *y,
                                              size_t y_stride) {
  size_t room = (tokens + 15) / 16 * 16;
  float *keys = scratch, *chances = scratch + room * width;
  float factors[4];
  for (size_t head = 0; head < heads; head++) {
    const float *q = qkv + head * width;
    const float *k = q + heads * width, *v = k + heads * width;
    for (size_t i = 0; i < width; i++) {
      for (size_t j = 0; j < tokens; j++) keys[i * room + j] = k[j * stride + i];
      for (size_t j = tokens; j < room; j++) keys[i * room + j] = 0;
    }
    float *out = y + head * width;
    size_t t = 0;
    for (; t + 4 <= tokens; t += 4) {
      CK_NAME(chances)(4, q + t * stride, stride, keys, tokens, room, width, chances, factors);
      CK_NAME(mix)(4, chances, room, factors, v, stride, tokens, width, out + t * y_stride, y_stride);
    }
    for (; t < tokens; t++) {
      CK_NAME(chances)(1, q + t * stride, stride, keys, tokens, room, width, chances, factors);
      CK_NAME(mix)(1, chances, room, factors, v, stride, tokens, width, out + t * y_stride, y_stride);
    }
  }
}

#undef VEC
#undef INTS
#undef LOAD
#undef STORE
#undef INLINE
#undef UNROLL
