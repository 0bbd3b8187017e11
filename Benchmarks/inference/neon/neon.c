// Holds the kernels of this machine's level against the portable ones, on numbers drawn at random.
//
// For CPUs on which the tests in Swift cannot run here: see neon.sh. Ends with 1 where a number is
// further off than the order of a sum explains.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ckernels.h"

static uint64_t state = 20261122;
static uint64_t draw(void) {
  uint64_t z = (state += 0x9E3779B97F4A7C15u);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}
static float number(void) { return (float)((double)(draw() >> 11) / (1ull << 52) - 1.0); }

static int failures = 0, compared = 0;
static void compare(const char *what, const float *a, const float *b, size_t count, double tolerance) {
  double size = 1e-6, off = 0;
  for (size_t i = 0; i < count; i++) size = fmax(size, fabs((double)b[i]));
  for (size_t i = 0; i < count; i++) {
    double d = fabs((double)a[i] - b[i]) / size;
    if (!(d <= off)) off = d;
  }
  compared++;
  if (off <= tolerance) return;
  failures++;
  printf("%s: off by %g of the greatest number\n", what, off);
}

// Of just this size: a sanitizer sees the first byte that is read beyond it.
static void *aligned(size_t size) {
  void *memory = NULL;
  if (posix_memalign(&memory, 64, size)) abort();
  return memory;
}

static void matrices(int type, const char *name, ck_level level) {
  size_t block = ck_block_length(type), size = ck_block_size(type);
  for (int round = 0; round < 12; round++) {
    size_t k = block * (1 + draw() % (2048 / block)), rows = 1 + draw() % 37,
           columns = round < 6 ? 1 : 1 + draw() % 33, row = k / block * size;
    uint8_t *weights = aligned(rows * row), *packed = aligned(rows * row);
    for (size_t i = 0; i < rows * row; i++) weights[i] = (uint8_t)draw();
    // Scales are f16 wherever they stand, or the numbers themselves: none may be far from one.
    for (size_t i = 0; i + 1 < rows * row && size % 2 == 0; i += 2) {
      if (type == CK_TYPE_F16 || type == CK_TYPE_BF16 || i % size == 0 || i % size == size - 2 ||
          i % size == 2)
        weights[i + 1] = (uint8_t)((weights[i + 1] & 0x83) | 0x2C);
    }
    if (type == CK_TYPE_F32)
      for (size_t i = 0; i < rows * k; i++) ((float *)weights)[i] = number();
    float *x = aligned(k * columns * 4), *got = aligned(rows * columns * 4),
          *want = aligned(rows * columns * 4);
    for (size_t i = 0; i < k * columns; i++) x[i] = number();
    for (int side = 0; side < 2; side++) {
      ck_level used = side ? CK_LEVEL_PORTABLE : level;
      const ck_matrix_kernel *kernel = ck_matrix_kernel_for(type, used);
      size_t stride = ck_activation_size(kernel->activation, k);
      uint8_t *prepared = aligned(stride * columns);
      for (size_t c = 0; c < columns; c++)
        ck_prepare_activation(kernel->activation, x + c * k, prepared + c * stride, k, used);
      const void *lies = weights;
      if (kernel->pack) {
        kernel->pack(weights, packed, rows, k);
        lies = packed;
      }
      kernel->multiply(lies, k, 0, rows, prepared, stride, columns, side ? want : got, rows);
      free(prepared);
    }
    char what[96];
    snprintf(what, sizeof what, "%s, %zu rows of %zu, %zu columns", name, rows, k, columns);
    compare(what, got, want, rows * columns, 2e-5);
    // And against the numbers themselves: vectors in 8 bits lose up to a hundredth.
    float *numbers = aligned(k * 4);
    for (size_t r = 0; r < rows; r++) {
      ck_dequantize_row(type, weights + r * row, numbers, k);
      for (size_t c = 0; c < columns; c++) {
        double sum = 0;
        for (size_t i = 0; i < k; i++) sum += (double)numbers[i] * x[c * k + i];
        want[c * rows + r] = (float)sum;
      }
    }
    free(numbers);
    compare(what, got, want, rows * columns, 0.05);
    free(weights), free(packed), free(x), free(got), free(want);
  }
}

static void vectors(ck_level level) {
  enum { MOST = 700 };
  float a[MOST], b[MOST], c[MOST], d[MOST], e[MOST];
  for (size_t count = 1; count < MOST; count += 1 + draw() % 23) {
    for (size_t i = 0; i < count; i++) a[i] = 4 * number(), b[i] = number(), c[i] = number();
#define BOTH(what, call, tolerance)                                                              \
  do {                                                                                           \
    for (int side = 0; side < 2; side++) {                                                       \
      ck_level used = side ? CK_LEVEL_PORTABLE : level;                                          \
      float *y = side ? e : d;                                                                   \
      memcpy(y, a, sizeof a);                                                                    \
      call;                                                                                      \
    }                                                                                            \
    compare(what, d, e, count, tolerance);                                                       \
  } while (0)
    BOTH("ck_rms_norm", ck_rms_norm(a, b, y, count, 1e-6f, used), 1e-5);
    BOTH("ck_layer_norm", ck_layer_norm(a, b, c, y, count, 1e-6f, used), 1e-4);
    BOTH("ck_softmax", ck_softmax(y, count, 0.5f, used), 1e-5);
    BOTH("ck_silu_times", ck_silu_times(a, b, y, count, used), 1e-5);
    BOTH("ck_gelu_times", ck_gelu_times(a, b, y, count, used), 1e-5);
    BOTH("ck_gelu_tanh", ck_gelu_tanh(y, count, used), 1e-5);
    BOTH("ck_gelu_erf", ck_gelu_erf(y, count, used), 1e-5);
    BOTH("ck_add", ck_add(y, b, count, used), 1e-6);
    BOTH("ck_scale", ck_scale(y, count, 0.3f, used), 1e-6);
    BOTH("ck_soft_cap", ck_soft_cap(y, count, 2, used), 1e-5);
    compared++;
    if (ck_argmax(a, count, level) != ck_argmax(a, count, CK_LEVEL_PORTABLE)) {
      failures++;
      printf("ck_argmax of %zu numbers\n", count);
    }
  }
}

int main(void) {
  ck_level level = ck_machine_level();
  if (level == CK_LEVEL_PORTABLE) {
    puts("this machine has the portable level alone");
    return 1;
  }
  static const struct { int type; const char *name; } types[] = {
      {CK_TYPE_F32, "F32"},   {CK_TYPE_F16, "F16"},   {CK_TYPE_BF16, "BF16"},
      {CK_TYPE_Q4_0, "Q4_0"}, {CK_TYPE_Q4_1, "Q4_1"}, {CK_TYPE_Q8_0, "Q8_0"},
      {CK_TYPE_Q4_K, "Q4_K"}, {CK_TYPE_Q6_K, "Q6_K"}, {CK_TYPE_Q1_0, "Q1_0"},
      {CK_TYPE_Q2_0, "Q2_0"}, {CK_TYPE_TQ2_0, "TQ2_0"}};
  for (size_t i = 0; i < sizeof types / sizeof *types; i++)
    matrices(types[i].type, types[i].name, level);
  vectors(level);
  fputs("kernels of their own:", stdout);
  for (size_t i = 0; i < sizeof types / sizeof *types; i++)
    if (ck_matrix_kernel_for(types[i].type, level)->multiply !=
        ck_matrix_kernel_for(types[i].type, CK_LEVEL_PORTABLE)->multiply)
      printf(" %s", types[i].name);
  puts("");
  printf("%d comparisons at level %d, %d further off than they may be\n", compared, (int)level,
         failures);
  return failures != 0;
}
