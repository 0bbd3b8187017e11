// Matrix kernels beside those of ggml, interleaved: GB/s of weights for one column, GOP/s for many.
//
//   K=../../../Sources/CKernels; cc -O3 -I$K/include matrix_bench.c $K/*.c -lm -ldl -lpthread -o bench
//   ./bench FOLDER_OF_LIBGGML [threads [columns [megabytes [rounds [type [k [level]]]]]]]
//
// ggml runs mul_mat in a graph over plain buffers, so Q4_0 and Q4_K are not what llama.cpp reaches
// after it repacked them: llama-bench tells that. Without its libraries ("-") only ours run.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <math.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ckernels.h"

// Numbers a row: 2,048 and 6,144 in a model of 1.7B, 4,096 and 12,288 in one of 8B.
static size_t K = 2048;

// CPU time where there is one thread: others may use the machine.
static bool one_thread;

static double now(void) {
  struct timespec t;
  clock_gettime(one_thread ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

typedef struct {
  const ck_matrix_kernel *kernel;
  const uint8_t *weights;
  size_t first, end, columns, stride, rows;
  const void *x;
  float *y;
} share;

static void *run_share(void *argument) {
  share *s = argument;
  // As an engine calls it: some rows at a time.
  for (size_t r = s->first; r < s->end; r += 256) {
    size_t end = r + 256 < s->end ? r + 256 : s->end;
    s->kernel->multiply(s->weights, K, r, end, s->x, s->stride, s->columns, s->y, s->rows);
  }
  return NULL;
}

struct ggml_init_params {
  size_t size;
  void *buffer;
  bool no_alloc;
};

static int compare(const void *a, const void *b) {
  double d = *(const double *)a - *(const double *)b;
  return (d > 0) - (d < 0);
}

int main(int count, char **arguments) {
  const char *folder = count > 1 ? arguments[1] : "-";
  int threads = count > 2 ? atoi(arguments[2]) : 1;
  size_t columns = count > 3 ? (size_t)atoi(arguments[3]) : 1;
  size_t megabytes = count > 4 ? (size_t)atoi(arguments[4]) : 256;
  int rounds = count > 5 ? atoi(arguments[5]) : 7;
  int only = count > 6 ? atoi(arguments[6]) : -1;
  if (count > 7) K = (size_t)atoi(arguments[7]);
  one_thread = threads == 1;
  if (threads < 1 || threads > 64 || rounds < 1 || rounds > 99) return 2;
  if (K == 0 || K % 256 != 0) return 2;

  void *base = NULL, *cpu = NULL;
  if (strcmp(folder, "-") != 0) {
    char path[4096];
    snprintf(path, sizeof(path), "%s/libggml-base.so", folder);
    base = dlopen(path, RTLD_NOW | RTLD_GLOBAL);
    snprintf(path, sizeof(path), "%s/libggml-cpu.so", folder);
    cpu = dlopen(path, RTLD_NOW | RTLD_GLOBAL);
    if (!base || !cpu) {
      fprintf(stderr, "%s\n", dlerror());
      return 1;
    }
    ((void (*)(void))dlsym(cpu, "ggml_cpu_init"))();
  }

  static const struct {
    int type;
    const char *name;
  } types[] = {{2, "Q4_0"}, {3, "Q4_1"}, {8, "Q8_0"}, {12, "Q4_K"}, {14, "Q6_K"},
               {1, "F16"},  {30, "BF16"}, {0, "F32"}, {41, "Q1_0"}, {42, "Q2_0"}, {35, "TQ2_0"}};
  ck_level level = count > 8 ? (ck_level)atoi(arguments[8]) : ck_machine_level();
  printf("%-6s %8s %8s %6s   (%d threads, %zu columns, %zu MB, k %zu)\n", "type",
         columns == 1 ? "GB/s" : "GOP/s", "ggml", "ratio", threads, columns, megabytes, K);
  for (size_t t = 0; t < sizeof(types) / sizeof(types[0]); t++) {
    int type = types[t].type;
    if (only >= 0 && type != only) continue;
    const ck_matrix_kernel *kernel = ck_matrix_kernel_for(type, level);
    size_t row_size = K / ck_block_length(type) * ck_block_size(type);
    size_t rows = (megabytes << 20) / row_size / 64 * 64;
    uint8_t *weights = aligned_alloc(64, rows * row_size);
    uint32_t seed = 1;
    for (size_t i = 0; i < rows * row_size; i++) {
      seed = seed * 1664525 + 1013904223;
      weights[i] = (uint8_t)(seed >> 24) & 0x3b;  // no scale is an infinity
    }
    float *x = malloc(columns * K * sizeof(float));
    for (size_t i = 0; i < columns * K; i++) {
      seed = seed * 1664525 + 1013904223;
      x[i] = (float)(seed >> 8) / (1 << 23) - 1;
    }
    const uint8_t *ours = weights;
    if (kernel->pack) {
      uint8_t *packed = aligned_alloc(64, rows * row_size);
      kernel->pack(weights, packed, rows, K);
      ours = packed;
    }
    size_t stride = ck_activation_size(kernel->activation, K);
    uint8_t *prepared = aligned_alloc(64, stride * columns);
    float *y = malloc(rows * columns * sizeof(float));

    void *graph = NULL, *context = NULL, *product = NULL;
    int (*compute)(void *, void *, int) = NULL;
    if (cpu) {
      void *(*init)(struct ggml_init_params) = dlsym(base, "ggml_init");
      void *(*tensor)(void *, int, int64_t, int64_t) = dlsym(base, "ggml_new_tensor_2d");
      void *(*data)(const void *) = dlsym(base, "ggml_get_data");
      void *(*mul_mat)(void *, void *, void *) = dlsym(base, "ggml_mul_mat");
      void *(*new_graph)(void *) = dlsym(base, "ggml_new_graph");
      void (*expand)(void *, void *) = dlsym(base, "ggml_build_forward_expand");
      compute = dlsym(cpu, "ggml_graph_compute_with_ctx");
      size_t size = rows * row_size + (rows * columns + columns * K) * 4 + (64 << 20);
      context = init((struct ggml_init_params){size, NULL, false});
      void *a = tensor(context, type, K, (int64_t)rows);
      void *b = tensor(context, 0, K, (int64_t)columns);
      memcpy(data(a), weights, rows * row_size);
      memcpy(data(b), x, columns * K * sizeof(float));
      graph = new_graph(context);
      product = mul_mat(context, a, b);
      expand(graph, product);
      // The plan takes its room from the context each time: that is what the 64 MB are for.
    }
    double mine[99], theirs[99], far = 0, size = 1e-30;
    for (int round = 0; round < rounds; round++) {
      double begin = now();
      for (size_t c = 0; c < columns; c++) {
        ck_prepare_activation(kernel->activation, x + c * K, prepared + c * stride, K, level);
      }
      pthread_t others[64];
      share shares[64];
      for (int i = 0; i < threads; i++) {
        size_t unit = rows / (size_t)threads / 64 * 64;
        size_t first = unit * (size_t)i, end = i == threads - 1 ? rows : first + unit;
        shares[i] = (share){kernel, ours, first, end, columns, stride, rows, prepared, y};
        if (i > 0) pthread_create(&others[i], NULL, run_share, &shares[i]);
      }
      run_share(&shares[0]);
      for (int i = 1; i < threads; i++) pthread_join(others[i], NULL);
      mine[round] = now() - begin;
      if (cpu) {
        begin = now();
        compute(context, graph, threads);
        theirs[round] = now() - begin;
      }
    }
    qsort(mine, (size_t)rounds, sizeof(double), compare);
    qsort(theirs, (size_t)rounds, sizeof(double), compare);
    double work = columns == 1 ? (double)(rows * row_size) : 2.0 * (double)(rows * K * columns);
    double a = work / mine[rounds / 2] * 1e-9, b = cpu ? work / theirs[rounds / 2] * 1e-9 : 0;
    if (product) {
      const float *other = ((void *(*)(const void *))dlsym(base, "ggml_get_data"))(product);
      for (size_t i = 0; i < rows * columns; i++) {
        double d = fabs((double)y[i] - (double)other[i]), m = fabs((double)other[i]);
        far = d > far ? d : far;
        size = m > size ? m : size;
      }
    }
    printf("%-6s %8.1f %8.1f %6.2f   best %.1f, distance %.1e of the greatest\n", types[t].name, a,
           b, b > 0 ? a / b : 0, work / mine[0] * 1e-9, far / size);
    fflush(stdout);
    if (ours != weights) free((void *)ours);
    free(weights), free(x), free(prepared), free(y);
    if (context) ((void (*)(void *))dlsym(base, "ggml_free"))(context);
  }
}
