// The vector operations, written once and compiled for each level: vector.c includes this with the
// instructions of a level in force and CK_NAMED giving its names. A vector here is 16 floats, which
// the compiler splits where the CPU's are shorter.
//
// No include guard: it is included several times.

#define INLINE static inline __attribute__((always_inline))

INLINE floats CK_NAMED(load)(const float *from) {
  floats result;
  memcpy(&result, from, sizeof(result));
  return result;
}

INLINE void CK_NAMED(store)(float *to, floats value) { memcpy(to, &value, sizeof(value)); }

#if CK_HAS_HALVES
INLINE floats CK_NAMED(load_halves)(const uint16_t *from) {
  halves result;
  memcpy(&result, from, sizeof(result));
  return __builtin_convertvector(result, floats);
}

INLINE void CK_NAMED(store_halves)(uint16_t *to, floats value) {
  halves result = __builtin_convertvector(value, halves);
  memcpy(to, &result, sizeof(result));
}
INLINE float CK_NAMED(half)(uint16_t bits) {
  _Float16 result;
  memcpy(&result, &bits, 2);
  return (float)result;
}
#else
INLINE float CK_NAMED(half)(uint16_t bits) { return ck_half_to_float(bits); }

INLINE floats CK_NAMED(load_halves)(const uint16_t *from) {
  floats result;
  for (int i = 0; i < 16; i++) result[i] = ck_half_to_float(from[i]);
  return result;
}

INLINE void CK_NAMED(store_halves)(uint16_t *to, floats value) {
  for (int i = 0; i < 16; i++) to[i] = ck_float_to_half(value[i]);
}
#endif

INLINE floats CK_NAMED(load_bytes)(const int8_t *from) {
  bytes result;
  memcpy(&result, from, sizeof(result));
  return __builtin_convertvector(__builtin_convertvector(result, ints), floats);
}

// The last numbers of a row, fewer than 16; the other lanes are `rest`.
INLINE floats CK_NAMED(load_part)(const float *from, size_t count, float rest) {
  floats result = (floats)(rest);
  memcpy(&result, from, count * sizeof(float));
  return result;
}

INLINE void CK_NAMED(store_part)(float *to, floats value, size_t count) {
  memcpy(to, &value, count * sizeof(float));
}

INLINE float CK_NAMED(sum)(floats v) {
  typedef float eight __attribute__((ext_vector_type(8)));
  typedef float four __attribute__((ext_vector_type(4)));
  eight a = v.lo + v.hi;
  four b = a.lo + a.hi;
  return (b.x + b.z) + (b.y + b.w);
}

// A comparison and a choice are one instruction; elementwise_max minds NaN and is four. NaN in a is
// passed over, NaN in b stays.
INLINE floats CK_NAMED(max)(floats a, floats b) { return a > b ? a : b; }
INLINE floats CK_NAMED(min)(floats a, floats b) { return a < b ? a : b; }

INLINE float CK_NAMED(greatest)(floats v) {
  typedef float eight __attribute__((ext_vector_type(8)));
  typedef float four __attribute__((ext_vector_type(4)));
  eight a = v.lo > v.hi ? v.lo : v.hi;
  four b = a.lo > a.hi ? a.lo : a.hi;
  float c = b.x > b.z ? b.x : b.z, d = b.y > b.w ? b.y : b.w;
  return c > d ? c : d;
}

INLINE floats CK_NAMED(absolute)(floats v) {
  return (floats)((ints)v & 0x7fffffff);
}

// To the nearest whole number, ties to even, for |v| < 2^22: adding 1.5 * 2^23 leaves it in the low
// bits.
INLINE ints CK_NAMED(round)(floats v) {
  return (ints)(v + 12582912.0f) - 0x4b400000;
}

// exp to 1.2e-7: 2^n times a polynomial on |r| <= ln 2 / 2, with the coefficients and in the order of
// ggml (ggml_v_expf of llama.cpp 4df29be, for AVX-512), so that what is rounded later rounds alike.
// Infinity above 88.7, zero below -104.
INLINE floats CK_NAMED(exp)(floats x) {
  const floats magic = (floats)(12582912.0f);  // adding it rounds to a whole number in the low bits
  floats shifted = CK_FMA(x, (floats)(0x1.715476p+0f), magic);
  floats n = shifted - magic;
  floats r = CK_FMA(-n, (floats)(0x1.62e4p-1f), x);
  r = CK_FMA(-n, (floats)(0x1.7f7d1cp-20f), r);
  floats square = r * r;
  floats high = CK_FMA((floats)(0x1.0e4020p-7f), r, (floats)(0x1.573e2ep-5f));
  floats middle = CK_FMA((floats)(0x1.555e66p-3f), r, (floats)(0x1.fffdb6p-2f));
  floats low = CK_FMA((floats)(0x1.ffffecp-1f), r, (floats)(1.0f));
  floats p = CK_FMA(CK_FMA(high, square, middle), square, low);
  // The power in two steps, of which only the second may leave the range of numbers.
  ints power = (ints)shifted - 0x4b400000;
  power = __builtin_elementwise_max(__builtin_elementwise_min(power, (ints)192), (ints)-192);
  ints first = power >> 1;
  p = p * (floats)((first + 127) << 23) * (floats)((power - first + 127) << 23);
  p = x > 120.0f ? (floats)(INFINITY) : p;
  return x < -120.0f ? (floats)(0.0f) : p;
}

INLINE floats CK_NAMED(tanh)(floats x) {
  return 1.0f - 2.0f / (CK_NAMED(exp)(2.0f * x) + 1.0f);
}

INLINE floats CK_NAMED(silu)(floats x) { return x / (1.0f + CK_NAMED(exp)(-x)); }

INLINE floats CK_NAMED(gelu_by_tanh)(floats x) {
  floats inner = 0.797884561f * x * (1.0f + 0.044715f * x * x);
  // 0.5 x (1 + tanh(inner)), without the difference of near numbers at the low end.
  return x - x / (CK_NAMED(exp)(2.0f * inner) + 1.0f);
}

// The error function after Abramowitz and Stegun, 7.1.26.
INLINE floats CK_NAMED(gelu_by_erf)(floats x) {
  floats z = CK_NAMED(absolute)(x) * 0.707106781f;
  floats t = 1.0f / (1.0f + 0.3275911f * z);
  floats p = t * 1.061405429f - 1.453152027f;
  p = p * t + 1.421413741f;
  p = p * t - 0.284496736f;
  p = p * t + 0.254829592f;
  floats tail = p * t * CK_NAMED(exp)(-z * z);  // 1 - erf(z)
  floats half = 0.5f * x;
  ints negative = x < 0.0f;
  floats below = half * tail, above = half * (2.0f - tail);
  return (floats)(((ints)below & negative) |
                              ((ints)above & ~negative));
}

// The sum of squares in double, as ggml has it: there the order of a sum does not show.
static void CK_NAMED(rms_norm)(const float *x, const float *weight, float *y, size_t count,
                               float epsilon) {
  doubles low = 0, high = 0;
  size_t i = 0;
  for (; i < count; i += 16) {
    floats v = i + 16 <= count ? CK_NAMED(load)(x + i) : CK_NAMED(load_part)(x + i, count - i, 0);
    v = v * v;
    low += __builtin_convertvector(v.lo, doubles);
    high += __builtin_convertvector(v.hi, doubles);
  }
  low += high;
  double sum = ((low[0] + low[4]) + (low[2] + low[6])) + ((low[1] + low[5]) + (low[3] + low[7]));
  float mean = (float)(sum / (double)count);
  float factor = 1.0f / sqrtf(mean + epsilon);
  for (i = 0; i + 16 <= count; i += 16) {
    CK_NAMED(store)(y + i, CK_NAMED(load)(x + i) * factor * CK_NAMED(load)(weight + i));
  }
  for (; i < count; i++) y[i] = x[i] * factor * weight[i];
}

static void CK_NAMED(layer_norm)(const float *x, const float *weight, const float *bias, float *y,
                                 size_t count, float epsilon) {
  floats sums = 0;
  size_t i = 0;
  for (; i + 16 <= count; i += 16) sums += CK_NAMED(load)(x + i);
  if (i < count) sums += CK_NAMED(load_part)(x + i, count - i, 0);
  float mean = CK_NAMED(sum)(sums) / (float)count;
  floats squares = 0;
  for (i = 0; i + 16 <= count; i += 16) {
    floats v = CK_NAMED(load)(x + i) - mean;
    squares += v * v;
  }
  if (i < count) {
    floats v = CK_NAMED(load_part)(x + i, count - i, mean) - mean;
    squares += v * v;
  }
  float factor = 1.0f / sqrtf(CK_NAMED(sum)(squares) / (float)count + epsilon);
  for (i = 0; i + 16 <= count; i += 16) {
    floats v = (CK_NAMED(load)(x + i) - mean) * factor;
    CK_NAMED(store)(y + i, v * CK_NAMED(load)(weight + i) + CK_NAMED(load)(bias + i));
  }
  for (; i < count; i++) y[i] = (x[i] - mean) * factor * weight[i] + bias[i];
}

// The product with the second number is rounded by itself: so GCC compiles ggml.
static void CK_NAMED(rope_halves)(float *x, size_t pairs, const float *cosines,
                                  const float *sines) {
  size_t i = 0;
  for (; i + 16 <= pairs; i += 16) {
    floats a = CK_NAMED(load)(x + i), b = CK_NAMED(load)(x + pairs + i);
    floats c = CK_NAMED(load)(cosines + i), s = CK_NAMED(load)(sines + i);
    CK_NAMED(store)(x + i, CK_FMA(a, c, -(b * s)));
    CK_NAMED(store)(x + pairs + i, CK_FMA(a, s, b * c));
  }
  for (; i < pairs; i++) {
    float a = x[i], b = x[pairs + i];
    x[i] = CK_FMA(a, cosines[i], -(b * sines[i]));
    x[pairs + i] = CK_FMA(a, sines[i], b * cosines[i]);
  }
}

static void CK_NAMED(rope_neighbours)(float *x, size_t pairs, const float *cosines,
                                      const float *sines) {
  for (size_t i = 0; i < pairs; i++) {
    float a = x[2 * i], b = x[2 * i + 1];
    x[2 * i] = CK_FMA(a, cosines[i], -(b * sines[i]));
    x[2 * i + 1] = CK_FMA(a, sines[i], b * cosines[i]);
  }
}

static float CK_NAMED(maximum)(const float *x, size_t count) {
  floats best[4];
  for (int j = 0; j < 4; j++) best[j] = (floats)(-INFINITY);
  size_t i = 0;
  for (; i + 64 <= count; i += 64) {
    for (size_t j = 0; j < 4; j++) {
      best[j] = CK_NAMED(max)(CK_NAMED(load)(x + i + 16 * j), best[j]);
    }
  }
  for (; i < count; i += 16) {
    size_t left = count - i < 16 ? count - i : 16;
    best[0] = CK_NAMED(max)(CK_NAMED(load_part)(x + i, left, -INFINITY), best[0]);
  }
  best[0] = CK_NAMED(max)(best[0], best[1]);
  best[2] = CK_NAMED(max)(best[2], best[3]);
  return CK_NAMED(greatest)(CK_NAMED(max)(best[0], best[2]));
}

// Where `value`, which is there unless all is NaN, is first.
static size_t CK_NAMED(find)(const float *x, size_t count, float value) {
  size_t i = 0;
  for (; i + 16 <= count; i += 16) {
    if (__builtin_reduce_or(CK_NAMED(load)(x + i) == value)) break;
  }
  for (; i < count; i++) {
    if (x[i] == value) return i;
  }
  return 0;
}

// x = exp((x - from) * scale); gives the sum.
static float CK_NAMED(exponentials)(float *x, size_t count, float from, float scale) {
  floats sums = 0;
  size_t i = 0;
  for (; i + 16 <= count; i += 16) {
    floats v = CK_NAMED(exp)((CK_NAMED(load)(x + i) - from) * scale);
    CK_NAMED(store)(x + i, v);
    sums += v;
  }
  if (i < count) {
    floats v = CK_NAMED(exp)((CK_NAMED(load_part)(x + i, count - i, -INFINITY) - from) * scale);
    CK_NAMED(store_part)(x + i, v, count - i);
    for (size_t j = 0; j < count - i; j++) sums[0] += v[j];
  }
  return CK_NAMED(sum)(sums);
}

static float CK_NAMED(sum_of_exponentials)(const float *x, size_t count, float from) {
  floats sums = 0;
  for (size_t i = 0; i < count; i += 16) {
    floats v = i + 16 <= count ? CK_NAMED(load)(x + i)
                               : CK_NAMED(load_part)(x + i, count - i, -INFINITY);
    sums += CK_NAMED(exp)(v - from);
  }
  return CK_NAMED(sum)(sums);
}

// y[i] = expression of a = x[i] and b = z[i].
#define EACH(name, expression)                                                              \
  static void CK_NAMED(name)(const float *x, const float *z, float *y, size_t count,        \
                             float factor) {                                                \
    (void)factor;                                                                           \
    size_t i = 0;                                                                           \
    for (; i + 16 <= count; i += 16) {                                                      \
      floats a = CK_NAMED(load)(x + i), b = CK_NAMED(load)(z + i);                          \
      (void)b;                                                                              \
      CK_NAMED(store)(y + i, expression);                                                   \
    }                                                                                       \
    if (i < count) {                                                                        \
      floats a = CK_NAMED(load_part)(x + i, count - i, 0);                                  \
      floats b = CK_NAMED(load_part)(z + i, count - i, 0);                                  \
      (void)b;                                                                              \
      CK_NAMED(store_part)(y + i, expression, count - i);                                   \
    }                                                                                       \
  }

EACH(silu_times, CK_NAMED(silu)(a) * b)
EACH(gelu_times, CK_NAMED(gelu_by_tanh)(a) * b)
EACH(gelu_tanh, CK_NAMED(gelu_by_tanh)(a))
EACH(gelu_erf, CK_NAMED(gelu_by_erf)(a))
EACH(add, a + b)
EACH(scale, a * factor)
EACH(soft_cap, CK_NAMED(tanh)(a / factor) * factor)
#undef EACH

static void CK_NAMED(cache_f16)(const float *x, uint16_t *row, size_t count) {
  size_t i = 0;
  for (; i + 16 <= count; i += 16) CK_NAMED(store_halves)(row + i, CK_NAMED(load)(x + i));
  for (; i < count; i++) row[i] = ck_float_to_half(x[i]);
}

static void CK_NAMED(cache_q8)(const float *x, ck_block_q8_0 *row, size_t count) {
  for (size_t i = 0; i + 32 <= count; i += 32, row++) {
    floats a = CK_NAMED(load)(x + i), b = CK_NAMED(load)(x + i + 16);
    float most = CK_NAMED(greatest)(
        CK_NAMED(max)(CK_NAMED(absolute)(a), CK_NAMED(absolute)(b)));
    float factor = most > 0 ? 127.0f / most : 0;
    row->d = ck_float_to_half(most / 127.0f);
    bytes low = __builtin_convertvector(CK_NAMED(round)(a * factor), bytes);
    bytes high = __builtin_convertvector(CK_NAMED(round)(b * factor), bytes);
    memcpy(row->weights, &low, 16);
    memcpy(row->weights + 16, &high, 16);
  }
}
