// Vectors to 8 bits, included by activation.c for each level.

#define INLINE static inline __attribute__((always_inline))

INLINE floats CK_NAMED(load)(const float *from) {
  floats result;
  memcpy(&result, from, sizeof(result));
  return result;
}

// Without their signs, as integers: so are floats ordered, infinity above all numbers and NaN above it.
INLINE ints CK_NAMED(magnitudes)(floats v) { return (ints)v & 0x7fffffff; }

// The greatest of magnitudes; NaN where one is not finite; 0 where it is too small to have a
// reciprocal.
INLINE float CK_NAMED(greatest)(ints magnitudes) {
  int bits = __builtin_reduce_max(magnitudes);
  float most;
  memcpy(&most, &bits, sizeof(most));
  if (bits >= 0x7f800000) return NAN;
  return most > 0x1p-100f ? most : 0;
}

INLINE int CK_NAMED(sum)(ints v) { return __builtin_reduce_add(v); }

// To the nearest, ties to even, for |v| < 2^22.
INLINE ints CK_NAMED(round)(floats v) { return (ints)(v + 12582912.0f) - 0x4b400000; }

// Sixteen numbers times `factor` as bytes; gives minus their sum.
INLINE int CK_NAMED(bytes)(floats v, float factor, int8_t *out) {
  floats scaled = v * factor;
  ints whole = CK_NAMED(round)(scaled);
  bytes narrow = __builtin_convertvector(whole, bytes);
  memcpy(out, &narrow, sizeof(narrow));
  return -CK_NAMED(sum)(whole);
}

// A block of 32 as number `block` of a group. `halves`: 64 where second halves follow all the first
// ones, else 16.
INLINE void CK_NAMED(block)(const float *x, ck_eights *group, int block, int halves, float factor) {
  int8_t *first = group->numbers + (halves == 64 ? block * 16 : block * 32);
  int a = CK_NAMED(bytes)(CK_NAMED(load)(x), factor, first);
  int b = CK_NAMED(bytes)(CK_NAMED(load)(x + 16), factor, first + halves);
  group->halves[block * 2] = (int16_t)a;
  group->halves[block * 2 + 1] = (int16_t)b;
  group->totals[block] = a + b;
}

// Of a block with a number that is not finite nothing is left but that.
INLINE void CK_NAMED(damaged)(ck_eights *group, int block, int halves) {
  int8_t *first = group->numbers + (halves == 64 ? block * 16 : block * 32);
  memset(first, 0, 16);
  memset(first + halves, 0, 16);
  group->halves[block * 2] = group->halves[block * 2 + 1] = 0;
  group->totals[block] = 0;
  group->scales[block] = group->sums[block] = NAN;
}

static void CK_NAMED(prepare_q8)(const float *x, ck_eights *groups, size_t k, int halves) {
  for (size_t i = 0; i + 32 <= k; i += 32) {
    ck_eights *group = groups + i / 128;
    int block = (int)(i % 128 / 32);
    if (block == 0 && k - i < 128) memset(group, 0, sizeof(*group));
    ints a = CK_NAMED(magnitudes)(CK_NAMED(load)(x + i));
    ints b = CK_NAMED(magnitudes)(CK_NAMED(load)(x + i + 16));
    float most = CK_NAMED(greatest)(__builtin_elementwise_max(a, b));
    if (isnan(most)) {
      CK_NAMED(damaged)(group, block, halves);
      continue;
    }
    float scale = most / 127.0f;
    CK_NAMED(block)(x + i, group, block, halves, most != 0 ? 127.0f / most : 0);
    group->scales[block] = ck_half_to_float(ck_float_to_half(scale));
    // A sum beyond f16 stays as it is: 32 numbers of 2,100 must not become an infinity.
    float sum = scale * (float)-group->totals[block];
    float rounded = ck_half_to_float(ck_float_to_half(sum));
    group->sums[block] = fabsf(sum) < 65504 ? rounded : sum;
  }
}

static void CK_NAMED(prepare_q8_k)(const float *x, ck_eights *groups, size_t k) {
  for (size_t i = 0; i + 256 <= k; i += 256) {
    ints most = 0;
    for (size_t j = 0; j < 256; j += 16) {
      most = __builtin_elementwise_max(most, CK_NAMED(magnitudes)(CK_NAMED(load)(x + i + j)));
    }
    // The number that is farthest from zero becomes -127, whichever its sign.
    float far = CK_NAMED(greatest)(most);
    if (isnan(far)) {
      for (int b = 0; b < 8; b++) CK_NAMED(damaged)(groups + i / 128 + b / 4, b % 4, 16);
      continue;
    }
    for (size_t j = 0; j < 256; j++) {
      if (fabsf(x[i + j]) == far) {
        far = x[i + j];
        break;
      }
    }
    float factor = far != 0 ? -127.0f / far : 0;
    float scale = far != 0 ? 1.0f / factor : 0;
    for (size_t j = 0; j < 256; j += 32) {
      ck_eights *group = groups + (i + j) / 128;
      int block = (int)(j % 128 / 32);
      CK_NAMED(block)(x + i + j, group, block, 16, factor);
      group->scales[block] = scale;
      group->sums[block] = scale * (float)-group->totals[block];
    }
  }
}
#undef INLINE
