// F32, F16 and BF16 weights times f32, included by matrix_floats.c for each level with the type of
// a vector (`floats`, `halves`, `shorts`, `ints`, of WIDTH numbers) in force.

#define INLINE static inline __attribute__((always_inline))

INLINE floats CK_NAMED(load)(const float *from) {
  floats result;
  memcpy(&result, from, sizeof(result));
  return result;
}

// WIDTH weights, of which the last may be missing: those are zeros.
INLINE floats CK_NAMED(weights)(int type, const uint8_t *row, size_t at, size_t count) {
  if (type == CK_TYPE_F32) {
    floats result = (floats)(0.0f);
    memcpy(&result, row + at * 4, count * 4);
    return result;
  }
  shorts raw = (shorts)((unsigned short)0);
  memcpy(&raw, row + at * 2, count * 2);
  if (type == CK_TYPE_BF16) return (floats)(__builtin_convertvector(raw, ints) << 16);
#if CK_HAS_HALVES
  return __builtin_convertvector((halves)raw, floats);
#else
  floats result;
  for (int i = 0; i < WIDTH; i++) result[i] = ck_half_to_float(raw[i]);
  return result;
#endif
}

INLINE float CK_NAMED(sum)(floats v) {
  float part[WIDTH];
  memcpy(part, &v, sizeof(v));
  for (int width = WIDTH / 2; width > 0; width /= 2) {
    for (int i = 0; i < width; i++) part[i] += part[i + width];
  }
  return part[0];
}

// `rows` rows and `columns` columns, both constant.
INLINE void CK_NAMED(meet)(int type, const uint8_t *row, size_t row_size, size_t rows, size_t k,
                           const uint8_t *x, size_t x_stride, size_t columns, float *y,
                           size_t y_stride) {
  floats sums[4][COLUMNS];
  for (size_t r = 0; r < rows; r++) {
    for (size_t c = 0; c < columns; c++) sums[r][c] = (floats)(0.0f);
  }
  size_t at = 0;
  for (; at + WIDTH <= k; at += WIDTH) {
    floats w[4];
    for (size_t r = 0; r < rows; r++) w[r] = CK_NAMED(weights)(type, row + r * row_size, at, WIDTH);
    for (size_t c = 0; c < columns; c++) {
      floats v = CK_NAMED(load)((const float *)(const void *)(x + c * x_stride) + at);
      for (size_t r = 0; r < rows; r++) sums[r][c] += w[r] * v;
    }
  }
  if (at < k) {
    for (size_t c = 0; c < columns; c++) {
      floats v = (floats)(0.0f);
      memcpy(&v, x + c * x_stride + at * 4, (k - at) * 4);
      for (size_t r = 0; r < rows; r++) {
        sums[r][c] += CK_NAMED(weights)(type, row + r * row_size, at, k - at) * v;
      }
    }
  }
  for (size_t c = 0; c < columns; c++) {
    for (size_t r = 0; r < rows; r++) y[c * y_stride + r] = CK_NAMED(sum)(sums[r][c]);
  }
}

// One row and one column, in four sums: a single one would wait for itself. Memory is asked for
// beyond the page, where the CPU's own guess ends.
INLINE float CK_NAMED(row)(int type, const uint8_t *row, size_t k, const float *x) {
  floats sums[4];
  for (size_t j = 0; j < 4; j++) sums[j] = (floats)(0.0f);
  size_t at = 0, size = type == CK_TYPE_F32 ? 4 : 2;
  for (; at + 4 * WIDTH <= k; at += 4 * WIDTH) {
    const uint8_t *ahead = row + at * size + 4096;
    for (size_t line = 0; line < 4 * WIDTH * size; line += 64) {
      __builtin_prefetch(ahead + line);
    }
    for (size_t j = 0; j < 4; j++) {
      size_t from = at + j * WIDTH;
      sums[j] += CK_NAMED(weights)(type, row, from, WIDTH) * CK_NAMED(load)(x + from);
    }
  }
  for (; at < k; at += WIDTH) {
    size_t count = k - at < WIDTH ? k - at : WIDTH;
    floats v = (floats)(0.0f);
    memcpy(&v, x + at, count * 4);
    sums[0] += CK_NAMED(weights)(type, row, at, count) * v;
  }
  return CK_NAMED(sum)((sums[0] + sums[1]) + (sums[2] + sums[3]));
}

INLINE void CK_NAMED(multiply)(int type, const void *weights, size_t k, size_t first_row,
                               size_t end_row, const void *x, size_t x_stride, size_t columns,
                               float *y, size_t y_stride) {
  size_t row_size = k * (type == CK_TYPE_F32 ? 4 : 2);
  for (size_t r = first_row; columns == 1 && r < end_row; r++) {
    y[r] = CK_NAMED(row)(type, (const uint8_t *)weights + r * row_size, k, x);
  }
  if (columns == 1) return;
  for (size_t r = first_row; r < end_row;) {
    const uint8_t *row = (const uint8_t *)weights + r * row_size;
    size_t rows = end_row - r >= 4 ? 4 : 1;
    for (size_t c = 0; c < columns;) {
      const uint8_t *column = (const uint8_t *)x + c * x_stride;
      float *out = y + c * y_stride + r;
      size_t many = columns - c >= COLUMNS ? COLUMNS : 1;
#define MEET(r, c) \
  CK_NAMED(meet)(type, row, row_size, r, k, column, x_stride, c, out, y_stride)
      if (rows == 4 && many == COLUMNS) {
        MEET(4, COLUMNS);
      } else if (rows == 4) {
        MEET(4, 1);
      } else if (many == COLUMNS) {
        MEET(1, COLUMNS);
      } else {
        MEET(1, 1);
      }
#undef MEET
      c += many;
    }
    r += rows;
  }
}

#define KERNEL(name, type)                                                                       \
  static void CK_NAMED(multiply_##name)(const void *weights, size_t k, size_t first_row,         \
                                        size_t end_row, const void *x, size_t x_stride,          \
                                        size_t columns, float *y, size_t y_stride) {             \
    CK_NAMED(multiply)                                                                           \
    (type, weights, k, first_row, end_row, x, x_stride, columns, y, y_stride);                   \
  }                                                                                              \
  static const ck_matrix_kernel CK_NAMED(name) = {CK_ACTIVATION_F32, 1, NULL,                    \
                                                  CK_NAMED(multiply_##name)};

KERNEL(f32, CK_TYPE_F32)
KERNEL(f16, CK_TYPE_F16)
KERNEL(bf16, CK_TYPE_BF16)
#undef KERNEL
#undef INLINE
