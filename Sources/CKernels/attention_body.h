// Attention, included by vector.c after vector_body.h for each level.
//
// In the order of sums that ggml has without its flash attention (llama.cpp 4df29be, AVX-512):
// queries are rounded to f16; the scores of all positions are kept, and become weights of one sum,
// rounded to f16. A sum of products has so many lanes, number i goes to lane i % lanes, and the lanes
// are folded in halves: 64 for one query (ggml_vec_dot_f16), 16 for several (its tinyBLAS).

// 16 numbers of a cached row from number `at` (a multiple of 16).
INLINE floats CK_NAMED(cached)(ck_cache_form form, const uint8_t *row, size_t at) {
  if (form == CK_CACHE_F16) return CK_NAMED(load_halves)((const uint16_t *)(const void *)row + at);
  const ck_block_q8_0 *block = (const ck_block_q8_0 *)(const void *)row + at / 32;
  return CK_NAMED(load_bytes)(block->weights + at % 32) * CK_NAMED(half)(block->d);
}

INLINE floats CK_NAMED(rounded)(floats v) {
#if CK_HAS_HALVES
  return __builtin_convertvector(__builtin_convertvector(v, halves), floats);
#else
  for (int i = 0; i < 16; i++) v[i] = ck_half_to_float(ck_float_to_half(v[i]));
  return v;
#endif
}

// `length` (a multiple of 16) numbers of a query.
INLINE void CK_NAMED(round_query)(const float *query, float *rounded, size_t length) {
  for (size_t i = 0; i < length; i += 16) {
    CK_NAMED(store)(rounded + i, CK_NAMED(rounded)(CK_NAMED(load)(query + i)));
  }
}

// Scores `low` ..< `high` of a row become weights; the others up to `count` (a multiple of 16) zeros.
INLINE void CK_NAMED(weigh)(const ck_attention *a, float *scores, size_t low, size_t high,
                            size_t count) {
  if (low >= high) {
    memset(scores, 0, count * sizeof(float));
    return;
  }
  CK_NAMED(scale)(scores + low, scores + low, scores + low, high - low, a->scale);
  if (a->cap > 0) {
    CK_NAMED(soft_cap)(scores + low, scores + low, scores + low, high - low, a->cap);
  }
  float most = CK_NAMED(maximum)(scores + low, high - low);
  size_t begin = low / 16 * 16, end = (high + 15) / 16 * 16;
  memset(scores, 0, begin * sizeof(float));
  memset(scores + end, 0, (count - end) * sizeof(float));
  for (size_t i = begin; i < low; i++) scores[i] = -INFINITY;
  for (size_t i = high; i < end; i++) scores[i] = -INFINITY;
  double sum = 0;
  for (size_t i = begin; i < end; i += 16) {
    floats v = CK_NAMED(exp)(CK_NAMED(load)(scores + i) - most);
    CK_NAMED(store)(scores + i, v);
    sum += (double)CK_NAMED(sum)(v);
  }
  float factor = (float)(1.0 / sum);
  for (size_t i = begin; i < end; i += 16) {
    CK_NAMED(store)(scores + i, CK_NAMED(rounded)(CK_NAMED(load)(scores + i) * factor));
  }
}

// Where `blend` finds its second factors.
enum CK_NAMED(ck_kind) { CK_NAMED(of_f16) = CK_CACHE_F16, CK_NAMED(of_q8) = CK_CACHE_Q8,
                         CK_NAMED(of_floats) };

INLINE floats CK_NAMED(factors)(int kind, const uint8_t *row, size_t at) {
  if (kind == CK_NAMED(of_floats)) return CK_NAMED(load)((const float *)(const void *)row + at);
  return CK_NAMED(cached)((ck_cache_form)kind, row, at);
}

// out[r][at ...] = Σ left[r][i] * right[i][at ...] for low <= i < high, `rows` rows and `vectors`
// vectors (both constant), in so many lanes: 1 << `depth`. One lane is summed after the other, in the
// order in which folding wants them, so that each of the depth sums that wait is half of a later one.
INLINE void CK_NAMED(blend)(int kind, size_t rows, size_t vectors, unsigned depth,
                            const float *const *left, const uint8_t *right, size_t stride,
                            size_t low, size_t high, size_t at, float *const *out) {
  floats waiting[7][MOST_ROWS][MICRO_VECTORS];
  unsigned waits = 0;
  size_t lanes = (size_t)1 << depth;
  for (size_t turn = 0; turn < lanes; turn++) {
    size_t lane = 0;
    for (unsigned bit = 0; bit < depth; bit++) lane |= (turn >> bit & 1) << (depth - 1 - bit);
    floats sums[MOST_ROWS][MICRO_VECTORS];
    for (size_t r = 0; r < rows; r++) {
      for (size_t v = 0; v < vectors; v++) sums[r][v] = (floats)(0.0f);
    }
    size_t i = low + ((lane - low) & (lanes - 1));
    int any = i < high;
    for (; i < high; i += lanes) {
      floats n[MICRO_VECTORS];
      for (size_t v = 0; v < vectors; v++) {
        n[v] = CK_NAMED(factors)(kind, right + i * stride, at + v * 16);
      }
      for (size_t r = 0; r < rows; r++) {
        for (size_t v = 0; v < vectors; v++) {
          sums[r][v] = CK_FMA(n[v], (floats)(left[r][i]), sums[r][v]);
        }
      }
    }
    unsigned level = 0;
    for (; turn >> level & 1; level++) {
      if (!(waits >> level & 1)) continue;
      waits &= ~(1u << level);
      any = 1;
      for (size_t r = 0; r < rows; r++) {
        for (size_t v = 0; v < vectors; v++) sums[r][v] += waiting[level][r][v];
      }
    }
    if (!any) continue;
    waits |= 1u << level;
    for (size_t r = 0; r < rows; r++) {
      for (size_t v = 0; v < vectors; v++) waiting[level][r][v] = sums[r][v];
    }
  }
  for (size_t r = 0; r < rows; r++) {
    for (size_t v = 0; v < vectors; v++) {
      floats sum = waits >> depth & 1 ? waiting[depth][r][v] : (floats)(0.0f);
      CK_NAMED(store)(out[r] + at + v * 16, sum);
    }
  }
}

// The same over a whole head.
INLINE void CK_NAMED(blend_head)(int kind, size_t rows, unsigned depth, const float *const *left,
                                 const uint8_t *right, size_t stride, size_t low, size_t high,
                                 size_t length, float *const *out) {
  size_t at = 0;
  for (; at + MICRO_VECTORS * 16 <= length; at += MICRO_VECTORS * 16) {
    CK_NAMED(blend)(kind, rows, MICRO_VECTORS, depth, left, right, stride, low, high, at, out);
  }
  for (; at < length; at += 32) {
    CK_NAMED(blend)(kind, rows, 2, depth, left, right, stride, low, high, at, out);
  }
}

// The sums of four vectors.
INLINE fours CK_NAMED(sums)(const floats v[4]) {
  typedef float eight __attribute__((ext_vector_type(8)));
  fours quarter[4];
  for (int i = 0; i < 4; i++) {
    eight half = v[i].lo + v[i].hi;
    quarter[i] = half.lo + half.hi;
  }
  fours a = __builtin_shufflevector(quarter[0], quarter[1], 0, 4, 1, 5) +
            __builtin_shufflevector(quarter[0], quarter[1], 2, 6, 3, 7);
  fours b = __builtin_shufflevector(quarter[2], quarter[3], 0, 4, 1, 5) +
            __builtin_shufflevector(quarter[2], quarter[3], 2, 6, 3, 7);
  return __builtin_shufflevector(a, b, 0, 1, 4, 5) + __builtin_shufflevector(a, b, 2, 3, 6, 7);
}

INLINE void CK_NAMED(fetch)(const uint8_t *row, size_t size) {
  for (size_t at = 0; at < size; at += 64) __builtin_prefetch(row + at);
}

// Scores of `rows` queries (constant, so that the loops unroll) with `count` keys, in 64 lanes. Scores
// up to a multiple of four are written.
INLINE void CK_NAMED(scores)(ck_cache_form form, size_t rows, const float *const *query,
                             const uint8_t *key, size_t stride, size_t count, size_t length,
                             float *const *scores) {
  size_t size = form == CK_CACHE_F16 ? length * 2 : length / 32 * 34;
  for (size_t p = 0; p < count; p += 4) {
    floats sums[CK_ROWS][4];
    for (size_t j = 0; j < 4; j++) {
      // Beyond the last position the last is taken again.
      const uint8_t *row = key + (p + j < count ? p + j : count - 1) * stride;
      CK_NAMED(fetch)(row + CK_TILE * stride, size);
      floats parts[CK_ROWS][4];
      for (size_t r = 0; r < rows; r++) {
        for (size_t i = 0; i < 4; i++) parts[r][i] = (floats)(0.0f);
      }
      for (size_t at = 0; at < length; at += 64) {
        for (size_t i = 0; i < 4; i++) {
          if (at + i * 16 >= length) break;
          floats k = CK_NAMED(cached)(form, row, at + i * 16);
          for (size_t r = 0; r < rows; r++) {
            parts[r][i] = CK_FMA(k, CK_NAMED(load)(query[r] + at + i * 16), parts[r][i]);
          }
        }
      }
      for (size_t r = 0; r < rows; r++) {
        sums[r][j] = (parts[r][0] + parts[r][2]) + (parts[r][1] + parts[r][3]);
      }
    }
    for (size_t r = 0; r < rows; r++) {
      fours result = CK_NAMED(sums)(sums[r]);
      memcpy(scores[r] + p, &result, sizeof(result));
    }
  }
}

INLINE void CK_NAMED(attend_rows)(const ck_attention *a, ck_cache_form form, size_t rows,
                                  size_t query, size_t cache_head, size_t head, float *scratch) {
  size_t first = a->first[query], end = a->end[query], length = a->head_length;
  size_t from = first / 64 * 64, count = end > from ? (end - from + 63) / 64 * 64 : 0;
  const float *rounded[CK_ROWS];
  float *scores[CK_ROWS], *out[CK_ROWS];
  for (size_t r = 0; r < rows; r++) {
    float *row = scratch + r * length;
    CK_NAMED(round_query)(a->query + query * a->query_stride + (head + r) * length, row, length);
    rounded[r] = row;
    scores[r] = scratch + CK_ROWS * length + r * count;
    out[r] = a->out + query * a->out_stride + (head + r) * length;
    if (first >= end) memset(out[r], 0, length * sizeof(float));
  }
  if (first >= end) return;
  const uint8_t *keys = (const uint8_t *)a->keys + cache_head * a->head_stride;
  const uint8_t *values = (const uint8_t *)a->values + cache_head * a->head_stride;
  // From the beginning of 64: what a window hides is overwritten.
  CK_NAMED(scores)(form, rows, rounded, keys + from * a->position_stride, a->position_stride,
                   end - from, length, scores);
  for (size_t r = 0; r < rows; r++) {
    CK_NAMED(weigh)(a, scores[r], first - from, end - from, count);
  }
  CK_NAMED(blend_head)((int)form, rows, 6, (const float *const *)scores,
                       values + from * a->position_stride, a->position_stride, first - from,
                       end - from, length, out);
}

// One query, all the heads that share a cache head.
INLINE void CK_NAMED(attend_one)(const ck_attention *a, ck_cache_form form, size_t query,
                                 size_t cache_head, size_t group, float *scratch) {
  size_t head = cache_head * group, left = group;
  for (; left >= 4; left -= 4, head += 4) {
    CK_NAMED(attend_rows)(a, form, 4, query, cache_head, head, scratch);
  }
  if (left == 3) CK_NAMED(attend_rows)(a, form, 3, query, cache_head, head, scratch);
  if (left == 2) CK_NAMED(attend_rows)(a, form, 2, query, cache_head, head, scratch);
  if (left == 1) CK_NAMED(attend_rows)(a, form, 1, query, cache_head, head, scratch);
}
