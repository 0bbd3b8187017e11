// Attention of one query, included by vector.c after vector_body.h for each level.
//
// Softmax over tiles of positions: each row (a query of one head) keeps the greatest score so far,
// the sum of its exponentials and their weighted values; when a tile brings a greater score, what
// was summed is scaled down. Rows that read the same cache head go together, so that a key and a
// value are read once for all of them.

// 16 numbers of a cached row from number `at` (a multiple of 16).
INLINE floats CK_NAMED(cached)(ck_cache_form form, const uint8_t *row, size_t at) {
  if (form == CK_CACHE_F16) return CK_NAMED(load_halves)((const uint16_t *)(const void *)row + at);
  const ck_block_q8_0 *block = (const ck_block_q8_0 *)(const void *)row + at / 32;
  return CK_NAMED(load_bytes)(block->weights + at % 32) * CK_NAMED(half)(block->d);
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

// Scores of `rows` queries (constant, so that the loops unroll) with `count` keys. On the way the
// values of the same positions and the keys of the next tile are asked for.
INLINE void CK_NAMED(scores)(ck_cache_form form, size_t rows, const float *const *query,
                             const uint8_t *key, const uint8_t *value, size_t stride, size_t count,
                             size_t length, float scale, float (*scores)[CK_TILE]) {
  size_t size = form == CK_CACHE_F16 ? length * 2 : length / 32 * 34;
  for (size_t p = 0; p < count; p += 4) {
    // Beyond the last position the last is taken again.
    const uint8_t *keys[4];
    for (size_t j = 0; j < 4; j++) {
      size_t at = p + j < count ? p + j : count - 1;
      keys[j] = key + at * stride;
      CK_NAMED(fetch)(value + at * stride, size);
      CK_NAMED(fetch)(key + (at + CK_TILE) * stride, size);
    }
    floats sums[CK_ROWS][4];
    for (size_t r = 0; r < rows; r++) {
      for (size_t j = 0; j < 4; j++) sums[r][j] = (floats)(0.0f);
    }
    for (size_t at = 0; at < length; at += 16) {
      floats k[4];
      for (size_t j = 0; j < 4; j++) k[j] = CK_NAMED(cached)(form, keys[j], at);
      for (size_t r = 0; r < rows; r++) {
        floats q = CK_NAMED(load)(query[r] + at);
        for (size_t j = 0; j < 4; j++) sums[r][j] += k[j] * q;
      }
    }
    for (size_t r = 0; r < rows; r++) {
      fours result = CK_NAMED(sums)(sums[r]) * scale;
      memcpy(scores[r] + p, &result, sizeof(result));
    }
  }
}

// out[r] += Σ weight[r][p] * value[p] for `vectors` (constant) vectors of the head from `at`.
INLINE void CK_NAMED(mix_part)(ck_cache_form form, size_t rows, size_t vectors,
                               float (*weights)[CK_TILE], const uint8_t *value, size_t stride,
                               size_t count, size_t at, float *const *out) {
  floats sums[CK_ROWS][8];
  for (size_t r = 0; r < rows; r++) {
    for (size_t v = 0; v < vectors; v++) sums[r][v] = CK_NAMED(load)(out[r] + at + v * 16);
  }
  for (size_t p = 0; p < count; p++, value += stride) {
    for (size_t v = 0; v < vectors; v++) {
      floats number = CK_NAMED(cached)(form, value, at + v * 16);
      for (size_t r = 0; r < rows; r++) sums[r][v] += number * weights[r][p];
    }
  }
  for (size_t r = 0; r < rows; r++) {
    for (size_t v = 0; v < vectors; v++) CK_NAMED(store)(out[r] + at + v * 16, sums[r][v]);
  }
}

INLINE void CK_NAMED(mix)(ck_cache_form form, size_t rows, float (*weights)[CK_TILE],
                          const uint8_t *value, size_t stride, size_t count, size_t length,
                          float *const *out) {
  size_t at = 0;
  if (rows <= 2) {
    for (; at + 128 <= length; at += 128) {
      CK_NAMED(mix_part)(form, rows, 8, weights, value, stride, count, at, out);
    }
  }
  for (; at + 64 <= length; at += 64) {
    CK_NAMED(mix_part)(form, rows, 4, weights, value, stride, count, at, out);
  }
  for (; at < length; at += 32) {
    CK_NAMED(mix_part)(form, rows, 2, weights, value, stride, count, at, out);
  }
}

INLINE void CK_NAMED(attend_rows)(const ck_attention *a, ck_cache_form form, size_t rows,
                                  size_t query, size_t cache_head, size_t head) {
  float scores[CK_ROWS][CK_TILE];
  float greatest[CK_ROWS], sums[CK_ROWS];
  const float *q[CK_ROWS];
  float *out[CK_ROWS];
  for (size_t r = 0; r < rows; r++) {
    q[r] = a->query + query * a->query_stride + (head + r) * a->head_length;
    out[r] = a->out + query * a->out_stride + (head + r) * a->head_length;
    memset(out[r], 0, a->head_length * sizeof(float));
    greatest[r] = -INFINITY;
    sums[r] = 0;
  }
  const uint8_t *keys = (const uint8_t *)a->keys + cache_head * a->head_stride;
  const uint8_t *values = (const uint8_t *)a->values + cache_head * a->head_stride;
  for (size_t p = a->first[query]; p < a->end[query]; p += CK_TILE) {
    size_t count = a->end[query] - p < CK_TILE ? a->end[query] - p : CK_TILE;
    CK_NAMED(scores)(form, rows, q, keys + p * a->position_stride, values + p * a->position_stride,
                     a->position_stride, count, a->head_length, a->scale, scores);
    for (size_t r = 0; r < rows; r++) {
      if (a->cap > 0) CK_NAMED(soft_cap)(scores[r], scores[r], scores[r], count, a->cap);
      float most = CK_NAMED(maximum)(scores[r], count);
      if (most > greatest[r]) {
        if (sums[r] > 0) {
          float factor = expf(greatest[r] - most);
          sums[r] *= factor;
          CK_NAMED(scale)(out[r], out[r], out[r], a->head_length, factor);
        }
        greatest[r] = most;
      }
      sums[r] += CK_NAMED(exponentials)(scores[r], count, greatest[r], 1);
    }
    CK_NAMED(mix)(form, rows, scores, values + p * a->position_stride, a->position_stride, count,
                  a->head_length, out);
  }
  for (size_t r = 0; r < rows; r++) {
    if (sums[r] > 0) {
      CK_NAMED(scale)(out[r], out[r], out[r], a->head_length, 1.0f / sums[r]);
    }
  }
}

// One query, all the heads that share a cache head.
INLINE void CK_NAMED(attend_one)(const ck_attention *a, ck_cache_form form, size_t query,
                                 size_t cache_head, size_t group) {
  size_t head = cache_head * group, left = group;
  for (; left >= 4; left -= 4, head += 4) {
    CK_NAMED(attend_rows)(a, form, 4, query, cache_head, head);
  }
  if (left == 3) CK_NAMED(attend_rows)(a, form, 3, query, cache_head, head);
  if (left == 2) CK_NAMED(attend_rows)(a, form, 2, query, cache_head, head);
  if (left == 1) CK_NAMED(attend_rows)(a, form, 1, query, cache_head, head);
}
