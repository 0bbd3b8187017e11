// Attention of many queries at once, included by vector.c after attention_body.h for each level.
//
// Queries of all the heads that share a cache head are rows of one matrix. A tile of keys is turned on
// its side once for all rows; values are read where they lie.

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

// The rows of a block. Scores and weights of a row lie `count` apart.
typedef struct {
  const float *query[CK_BLOCK_ROWS];  // rounded
  float *out[CK_BLOCK_ROWS];
  size_t first[CK_BLOCK_ROWS], end[CK_BLOCK_ROWS];  // from where the first tile begins
  float *scores;
  size_t count;
} CK_NAMED(ck_rows);

// Scores of all rows with a tile of keys. Rows beyond the last take its query, and their scores go where
// nobody reads.
INLINE void CK_NAMED(tile_scores)(const CK_NAMED(ck_rows) *rows, size_t count, const float *turned,
                                  size_t length, size_t tile, float *spare) {
  for (size_t r = 0; r < count; r += MICRO_ROWS) {
    const float *left[MICRO_ROWS];
    float *out[MICRO_ROWS];
    for (size_t i = 0; i < MICRO_ROWS; i++) {
      left[i] = rows->query[r + i < count ? r + i : count - 1];
      out[i] = r + i < count ? rows->scores + (r + i) * rows->count + tile : spare;
    }
    for (size_t at = 0; at < CK_TILE; at += SCORE_VECTORS * 16) {
      CK_NAMED(blend)(CK_NAMED(of_floats), MICRO_ROWS, SCORE_VECTORS, 4, left,
                      (const uint8_t *)turned, CK_TILE * sizeof(float), 0, length, at, out);
    }
  }
}

// Whether all of the values are numbers.
INLINE int CK_NAMED(are_finite)(ck_cache_form form, const uint8_t *values, size_t stride,
                                size_t count, size_t length) {
  floats zeros = (floats)(0.0f);
  for (size_t p = 0; p < count; p++) {
    for (size_t at = 0; at < length; at += 16) {
      zeros += CK_NAMED(cached)(form, values + p * stride, at) * 0.0f;
    }
  }
  return !isnan(CK_NAMED(sum)(zeros));
}

// Weights times values. A row's zeros beyond what it sees do no harm where all values are numbers;
// otherwise each row goes by itself: zero times infinity is no zero.
INLINE void CK_NAMED(blend_rows)(const CK_NAMED(ck_rows) *rows, size_t count, ck_cache_form form,
                                 const uint8_t *values, size_t stride, size_t length, int together,
                                 float *spare) {
  for (size_t r = 0; r < count; r += together ? MICRO_ROWS : 1) {
    const float *left[MICRO_ROWS];
    float *out[MICRO_ROWS];
    size_t low = SIZE_MAX, high = 0;
    for (size_t i = 0; i < MICRO_ROWS; i++) {
      int is_there = r + i < count && (together || i == 0);
      size_t row = is_there ? r + i : r;
      left[i] = rows->scores + row * rows->count;
      out[i] = is_there ? rows->out[row] : spare;
      low = rows->first[row] < low ? rows->first[row] : low;
      high = rows->end[row] > high ? rows->end[row] : high;
    }
    CK_NAMED(blend_head)((int)form, MICRO_ROWS, 4, left, values, stride, low, high, length, out);
  }
}

INLINE void CK_NAMED(attend_block)(const ck_attention *a, ck_cache_form form, size_t first_query,
                                   size_t queries, size_t cache_head, float *scratch) {
  CK_NAMED(ck_rows) rows;
  size_t group = a->heads / a->cache_heads, length = a->head_length, count = 0;
  size_t first = SIZE_MAX, end = 0;
  for (size_t query = first_query; query < first_query + queries; query++) {
    if (a->first[query] < a->end[query]) {
      first = a->first[query] < first ? a->first[query] : first;
      end = a->end[query] > end ? a->end[query] : end;
    }
  }
  size_t from = first < end ? first / CK_TILE * CK_TILE : 0;
  rows.count = first < end ? (end - from + CK_TILE - 1) / CK_TILE * CK_TILE : 0;
  float *turned = scratch, *rounded = turned + CK_TILE * length;
  float *spare = rounded + CK_BLOCK_ROWS * length;  // a row that nobody reads
  rows.scores = spare + (length > CK_TILE ? length : CK_TILE);
  for (size_t query = first_query; query < first_query + queries; query++) {
    for (size_t h = cache_head * group; h < (cache_head + 1) * group; h++, count++) {
      float *row = rounded + count * length;
      CK_NAMED(round_query)(a->query + query * a->query_stride + h * length, row, length);
      rows.query[count] = row;
      rows.out[count] = a->out + query * a->out_stride + h * length;
      int sees = a->first[query] < a->end[query];
      rows.first[count] = sees ? a->first[query] - from : 0;
      rows.end[count] = sees ? a->end[query] - from : 0;
    }
  }
  const uint8_t *keys =
      (const uint8_t *)a->keys + cache_head * a->head_stride + from * a->position_stride;
  const uint8_t *values =
      (const uint8_t *)a->values + cache_head * a->head_stride + from * a->position_stride;
  for (size_t tile = 0; tile < rows.count; tile += CK_TILE) {
    size_t positions = end - from - tile < CK_TILE ? end - from - tile : CK_TILE;
    CK_NAMED(turn_keys)(form, keys + tile * a->position_stride, a->position_stride, positions,
                        length, turned);
    CK_NAMED(tile_scores)(&rows, count, turned, length, tile, spare);
  }
  for (size_t r = 0; r < count; r++) {
    CK_NAMED(weigh)(a, rows.scores + r * rows.count, rows.first[r], rows.end[r], rows.count);
  }
  int together = CK_NAMED(are_finite)(form, values, a->position_stride, end > from ? end - from : 0,
                                      length);
  CK_NAMED(blend_rows)(&rows, count, form, values, a->position_stride, length, together, spare);
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
        for (size_t q = query; q < query + queries; q++) {
          CK_NAMED(attend_one)(a, form, q, j, group, scratch);
        }
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
