// Attention of many queries at once, included by vector.c after attention_body.h for each level.
//
// Queries of all the heads that share a cache head are rows of one matrix; a tile of keys is turned
// on its side and a tile of values unfolded to f32 once for all rows, and both products run over
// BLOCK_ROWS rows, MICRO_ROWS × MICRO_VECTORS of them in registers.

// Keys of a tile by number of the head, then position. Positions beyond `count` are zeros.
INLINE void CK_NAMED(turn_keys)(ck_cache_form form, const uint8_t *keys, size_t stride,
                                size_t count, size_t length, float *turned) {
  for (size_t p = 0; p < CK_TILE; p += 4) {
    for (size_t at = 0; at < length; at += 16) {
      floats k[4];
      for (size_t j = 0; j < 4; j++) {
        k[j] = (floats)(0.0f);
        if (p + j < count) k[j] = CK_NAMED(cached)(form, keys + (p + j) * stride, at);
      }
      // Four by four within each quarter of the vectors.
      floats a = __builtin_shufflevector(k[0], k[1], 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12,
                                         28, 13, 29);
      floats b = __builtin_shufflevector(k[0], k[1], 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27,
                                         14, 30, 15, 31);
      floats c = __builtin_shufflevector(k[2], k[3], 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12,
                                         28, 13, 29);
      floats d = __builtin_shufflevector(k[2], k[3], 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27,
                                         14, 30, 15, 31);
      floats out[4];
      out[0] = __builtin_shufflevector(a, c, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28,
                                       29);
      out[1] = __builtin_shufflevector(a, c, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30,
                                       31);
      out[2] = __builtin_shufflevector(b, d, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28,
                                       29);
      out[3] = __builtin_shufflevector(b, d, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30,
                                       31);
      for (size_t j = 0; j < 4; j++) {
        float *to = turned + (at + j) * CK_TILE + p;
        fours quarter[4] = {out[j].lo.lo, out[j].lo.hi, out[j].hi.lo, out[j].hi.hi};
        for (size_t q = 0; q < 4; q++) memcpy(to + q * 4 * CK_TILE, &quarter[q], sizeof(fours));
      }
    }
  }
}

// out[r][n] (+)= Σ_i left[r][i] * right[i * right_stride + n] for MICRO_ROWS rows and `vectors`
// (constant) vectors of n.
INLINE void CK_NAMED(micro)(const float *const *left, const float *right, size_t right_stride,
                            size_t count, size_t vectors, float *const *out, size_t at, int adds) {
  floats sums[MICRO_ROWS][MICRO_VECTORS];
  for (size_t r = 0; r < MICRO_ROWS; r++) {
    for (size_t v = 0; v < vectors; v++) {
      sums[r][v] = adds ? CK_NAMED(load)(out[r] + at + v * 16) : (floats)(0.0f);
    }
  }
  for (size_t i = 0; i < count; i++) {
    floats n[MICRO_VECTORS];
    for (size_t v = 0; v < vectors; v++) n[v] = CK_NAMED(load)(right + i * right_stride + v * 16);
    for (size_t r = 0; r < MICRO_ROWS; r++) {
      for (size_t v = 0; v < vectors; v++) sums[r][v] += n[v] * left[r][i];
    }
  }
  for (size_t r = 0; r < MICRO_ROWS; r++) {
    for (size_t v = 0; v < vectors; v++) CK_NAMED(store)(out[r] + at + v * 16, sums[r][v]);
  }
}

// The rows of a block and what each has seen so far.
typedef struct {
  const float *query[CK_BLOCK_ROWS];
  float *out[CK_BLOCK_ROWS];
  size_t first[CK_BLOCK_ROWS], end[CK_BLOCK_ROWS];
  float greatest[CK_BLOCK_ROWS], sums[CK_BLOCK_ROWS];
} CK_NAMED(ck_rows);

// A place in a tile of a position, which may lie before or beyond it.
INLINE size_t CK_NAMED(place)(size_t position, size_t tile) {
  size_t place = position > tile ? position - tile : 0;
  return place < CK_TILE ? place : CK_TILE;
}

// Scores of one row become weights: zero where it does not look.
INLINE void CK_NAMED(weigh)(const ck_attention *a, CK_NAMED(ck_rows) *rows, size_t r, size_t tile,
                            float *scores) {
  size_t low = CK_NAMED(place)(rows->first[r], tile);
  size_t high = CK_NAMED(place)(rows->end[r], tile);
  if (high <= low) {
    memset(scores, 0, CK_TILE * sizeof(float));
    return;
  }
  CK_NAMED(scale)(scores + low, scores + low, scores + low, high - low, a->scale);
  if (a->cap > 0) {
    CK_NAMED(soft_cap)(scores + low, scores + low, scores + low, high - low, a->cap);
  }
  float most = CK_NAMED(maximum)(scores + low, high - low);
  if (most > rows->greatest[r]) {
    if (rows->sums[r] > 0) {
      float factor = expf(rows->greatest[r] - most);
      rows->sums[r] *= factor;
      CK_NAMED(scale)(rows->out[r], rows->out[r], rows->out[r], a->head_length, factor);
    }
    rows->greatest[r] = most;
  }
  memset(scores, 0, low * sizeof(float));
  rows->sums[r] += CK_NAMED(exponentials)(scores + low, high - low, rows->greatest[r], 1);
  memset(scores + high, 0, (CK_TILE - high) * sizeof(float));
}

// Room for a block: keys, values, weights, and a row that nobody reads.
typedef struct {
  float *turned, *values, *weights, *spare;
} CK_NAMED(ck_room);

// out[r] += weights[r] * values for MICRO_ROWS rows, over the whole head.
INLINE void CK_NAMED(blend)(const float *const *left, const float *values, size_t length,
                            size_t count, float *const *out) {
  size_t at = 0;
  for (; at + MICRO_VECTORS * 16 <= length; at += MICRO_VECTORS * 16) {
    CK_NAMED(micro)(left, values + at, length, count, MICRO_VECTORS, out, at, 1);
  }
  for (; at < length; at += 32) CK_NAMED(micro)(left, values + at, length, count, 2, out, at, 1);
}

// The same for each row by itself and only where it looks: zero times infinity is no zero.
INLINE void CK_NAMED(blend_seen)(CK_NAMED(ck_rows) *rows, size_t count, size_t tile, size_t length,
                                 CK_NAMED(ck_room) room) {
  for (size_t r = 0; r < count; r++) {
    size_t low = CK_NAMED(place)(rows->first[r], tile);
    size_t high = CK_NAMED(place)(rows->end[r], tile);
    if (high <= low) continue;
    const float *left[MICRO_ROWS];
    float *out[MICRO_ROWS];
    for (size_t i = 0; i < MICRO_ROWS; i++) {
      left[i] = room.weights + r * CK_TILE + low;
      out[i] = i == 0 ? rows->out[r] : room.spare;
    }
    CK_NAMED(blend)(left, room.values + low * length, length, high - low, out);
  }
}

INLINE void CK_NAMED(tile)(const ck_attention *a, ck_cache_form form, CK_NAMED(ck_rows) *rows,
                           size_t count, const uint8_t *keys, const uint8_t *values, size_t tile,
                           size_t positions, CK_NAMED(ck_room) room) {
  size_t length = a->head_length;
  CK_NAMED(turn_keys)(form, keys, a->position_stride, positions, length, room.turned);
  floats zeros = (floats)(0.0f);
  for (size_t p = 0; p < positions; p++) {
    for (size_t at = 0; at < length; at += 16) {
      floats numbers = CK_NAMED(cached)(form, values + p * a->position_stride, at);
      zeros += numbers * 0.0f;
      CK_NAMED(store)(room.values + p * length + at, numbers);
    }
  }
  // Rows beyond the last take its query, and their results go where nobody reads.
  for (size_t r = 0; r < count; r += MICRO_ROWS) {
    const float *left[MICRO_ROWS];
    float *out[MICRO_ROWS];
    for (size_t i = 0; i < MICRO_ROWS; i++) {
      left[i] = rows->query[r + i < count ? r + i : count - 1];
      out[i] = room.weights + (r + i) * CK_TILE;
    }
    for (size_t at = 0; at < CK_TILE; at += MICRO_VECTORS * 16) {
      CK_NAMED(micro)(left, room.turned + at, CK_TILE, length, MICRO_VECTORS, out, at, 0);
    }
  }
  for (size_t r = 0; r < count; r++) {
    CK_NAMED(weigh)(a, rows, r, tile, room.weights + r * CK_TILE);
  }
  fours quarter = zeros.lo.lo + zeros.lo.hi + zeros.hi.lo + zeros.hi.hi;
  if (isnan(quarter.x + quarter.y + quarter.z + quarter.w)) {
    CK_NAMED(blend_seen)(rows, count, tile, length, room);
    return;
  }
  for (size_t r = 0; r < count; r += MICRO_ROWS) {
    const float *left[MICRO_ROWS];
    float *out[MICRO_ROWS];
    for (size_t i = 0; i < MICRO_ROWS; i++) {
      left[i] = room.weights + (r + i < count ? r + i : count - 1) * CK_TILE;
      out[i] = r + i < count ? rows->out[r + i] : room.spare;
    }
    CK_NAMED(blend)(left, room.values, length, positions, out);
  }
}

INLINE void CK_NAMED(attend_block)(const ck_attention *a, ck_cache_form form, size_t first_query,
                                   size_t queries, size_t cache_head, float *scratch) {
  CK_NAMED(ck_rows) rows;
  size_t group = a->heads / a->cache_heads, count = 0;
  size_t first = SIZE_MAX, end = 0;
  for (size_t query = first_query; query < first_query + queries; query++) {
    for (size_t h = cache_head * group; h < (cache_head + 1) * group; h++, count++) {
      rows.query[count] = a->query + query * a->query_stride + h * a->head_length;
      rows.out[count] = a->out + query * a->out_stride + h * a->head_length;
      rows.first[count] = a->first[query];
      rows.end[count] = a->end[query];
      rows.greatest[count] = -INFINITY;
      rows.sums[count] = 0;
      memset(rows.out[count], 0, a->head_length * sizeof(float));
    }
    if (a->first[query] < a->end[query]) {
      if (a->first[query] < first) first = a->first[query];
      if (a->end[query] > end) end = a->end[query];
    }
  }
  CK_NAMED(ck_room) room = {scratch, scratch + CK_TILE * a->head_length,
                            scratch + 2 * CK_TILE * a->head_length,
                            scratch + 2 * CK_TILE * a->head_length + CK_BLOCK_ROWS * CK_TILE};
  const uint8_t *keys = (const uint8_t *)a->keys + cache_head * a->head_stride;
  const uint8_t *values = (const uint8_t *)a->values + cache_head * a->head_stride;
  // Tiles begin where they do for every block: how queries are cut must not show in a result.
  for (size_t tile = first / CK_TILE * CK_TILE; tile < end; tile += CK_TILE) {
    size_t positions = end - tile < CK_TILE ? end - tile : CK_TILE;
    CK_NAMED(tile)(a, form, &rows, count, keys + tile * a->position_stride,
                   values + tile * a->position_stride, tile, positions, room);
  }
  for (size_t r = 0; r < count; r++) {
    if (rows.sums[r] > 0) {
      CK_NAMED(scale)(rows.out[r], rows.out[r], rows.out[r], a->head_length, 1.0f / rows.sums[r]);
    }
  }
}

INLINE void CK_NAMED(attend_form)(const ck_attention *a, ck_cache_form form, size_t first_head,
                                  size_t end_head, float *scratch) {
  size_t group = a->heads / a->cache_heads;
  size_t together = group <= CK_BLOCK_ROWS ? CK_BLOCK_ROWS / group : 1;
  for (size_t j = first_head; j < end_head; j++) {
    for (size_t query = 0; query < a->queries; query += together) {
      size_t queries = a->queries - query < together ? a->queries - query : together;
      // The last few of many go as the others do: which of them are last must not show in a result.
      if (a->queries >= CK_BLOCK_QUERIES && group <= CK_BLOCK_ROWS) {
        CK_NAMED(attend_block)(a, form, query, queries, j, scratch);
      } else {
        for (size_t q = query; q < query + queries; q++) CK_NAMED(attend_one)(a, form, q, j, group);
      }
    }
  }
}

static void CK_NAMED(attend)(const ck_attention *a, size_t first_head, size_t end_head,
                             float *scratch) {
  if (a->form == CK_CACHE_F16) {
    CK_NAMED(attend_form)(a, CK_CACHE_F16, first_head, end_head, scratch);
  } else {
    CK_NAMED(attend_form)(a, CK_CACHE_Q8, first_head, end_head, scratch);
  }
}
#undef INLINE
