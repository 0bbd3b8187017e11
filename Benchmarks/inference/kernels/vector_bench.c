// What a token of a 1.7B model (28 layers, 16 heads over 8, head 128, width 2048, 6144 between,
// 151,936 tokens) costs outside its matrices, in milliseconds of CPU time, by context and cache.
//
//   K=../../../Sources/CKernels; cc -O3 -I$K/include vector_bench.c $K/*.c -lm -lpthread -o bench
//   ./bench [rounds]
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ckernels.h"

enum {
  LAYERS = 28, HEADS = 16, CACHE_HEADS = 8, HEAD = 128, WIDTH = 2048, BETWEEN = 6144,
  TOKENS = 151936, BLOCK = 128
};

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static int compare(const void *a, const void *b) {
  double d = *(const double *)a - *(const double *)b;
  return (d > 0) - (d < 0);
}

static double median(double *values, int count) {
  qsort(values, (size_t)count, sizeof(double), compare);
  return values[count / 2];
}

static float *numbers(size_t count) {
  float *x = aligned_alloc(64, (count * 4 + 63) / 64 * 64);
  static uint32_t seed = 1;
  for (size_t i = 0; i < count; i++) {
    seed = seed * 1664525 + 1013904223;
    x[i] = (float)(seed >> 8) / (1 << 23) - 1;
  }
  return x;
}

int main(int count, char **arguments) {
  int rounds = count > 1 ? atoi(arguments[1]) : 9;
  if (rounds < 1 || rounds > 99) return 2;
  ck_level level = ck_machine_level();
  float *x = numbers(WIDTH), *weight = numbers(BETWEEN), *gate = numbers(BETWEEN);
  float *up = numbers(BETWEEN), *angles = numbers(HEAD), *query = numbers(WIDTH * BLOCK);
  float *out = numbers(WIDTH * BLOCK), *logits = numbers(TOKENS);
  void *prepared = aligned_alloc(64, ck_activation_size(CK_ACTIVATION_Q8, BETWEEN));
  double rest[99], choice[99];
  for (int i = 0; i < rounds; i++) {
    double begin = now();
    for (int layer = 0; layer < LAYERS; layer++) {
      ck_rms_norm(x, weight, out, WIDTH, 1e-6f, level);
      ck_prepare_activation(CK_ACTIVATION_Q8, out, prepared, WIDTH, level);
      for (int h = 0; h < HEADS + CACHE_HEADS; h++) {
        ck_rms_norm(query + h * 64, weight, out + h * HEAD, HEAD, 1e-6f, level);
      }
      ck_rope(out, HEADS, HEAD, HEAD, angles, angles + 64, CK_ROPE_HALVES, level);
      ck_rope(query, CACHE_HEADS, HEAD, HEAD, angles, angles + 64, CK_ROPE_HALVES, level);
      ck_cache_row(CK_CACHE_F16, query, gate, CACHE_HEADS * HEAD, level);
      ck_cache_row(CK_CACHE_F16, query, gate, CACHE_HEADS * HEAD, level);
      ck_prepare_activation(CK_ACTIVATION_Q8, out, prepared, WIDTH, level);
      ck_add(x, out, WIDTH, level);
      ck_rms_norm(x, weight, out, WIDTH, 1e-6f, level);
      ck_prepare_activation(CK_ACTIVATION_Q8, out, prepared, WIDTH, level);
      ck_silu_times(weight, up, out, BETWEEN, level);
      ck_prepare_activation(CK_ACTIVATION_Q8, out, prepared, BETWEEN, level);
      ck_add(x, out, WIDTH, level);
    }
    rest[i] = now() - begin;
    begin = now();
    size_t best = ck_argmax(logits, TOKENS, level);
    float sum = ck_log_sum_exp(logits, TOKENS, level);
    ck_softmax(logits, TOKENS, 1, level);
    choice[i] = now() - begin + (best == TOKENS || isnan(sum));
  }
  printf("norms, positions, activations, quantising: %.2f ms a token; argmax, logsumexp and softmax "
         "of the logits: %.2f\n",
         median(rest, rounds), median(choice, rounds));

  for (int form = CK_CACHE_F16; form <= CK_CACHE_Q8; form++) {
    for (size_t context = 512; context <= 4096; context *= 8) {
      size_t row = ck_cache_row_size((ck_cache_form)form, HEAD);
      size_t layer = context * CACHE_HEADS * row;
      uint8_t *keys = aligned_alloc(64, layer * LAYERS), *values = aligned_alloc(64, layer * LAYERS);
      for (size_t at = 0; at < layer * LAYERS; at += row) {
        ck_cache_row((ck_cache_form)form, query + at % 4096, keys + at, HEAD, level);
        ck_cache_row((ck_cache_form)form, query + at % 8192, values + at, HEAD, level);
      }
      size_t first[BLOCK], end[BLOCK];
      for (size_t q = 0; q < BLOCK; q++) first[q] = 0, end[q] = context - BLOCK + q + 1;
      double one[99], block[99];
      for (int i = 0; i < rounds; i++) {
        for (int many = 0; many < 2; many++) {
          double begin = now();
          for (size_t l = 0; l < LAYERS; l++) {
            ck_attention attention = {
                (ck_cache_form)form, HEADS, CACHE_HEADS, HEAD, many ? BLOCK : 1, query, WIDTH, out,
                WIDTH, keys + l * layer, values + l * layer, row, context * row, first,
                many ? end : end + BLOCK - 1, 0.088f, 0};
            void *scratch = aligned_alloc(64, ck_attention_scratch(&attention));
            ck_attend(&attention, 0, CACHE_HEADS, scratch, level);
            free(scratch);
          }
          (many ? block : one)[i] = now() - begin;
        }
      }
      double flops = 4.0 * LAYERS * HEADS * HEAD * BLOCK * ((double)context - BLOCK / 2);
      double block_time = median(block, rounds);
      printf("attention, %s, context %4zu: %.2f ms a token (%.1f GB/s); of 128 queries %.3f ms a "
             "token (%.0f GFLOP/s)\n",
             form == CK_CACHE_F16 ? "f16" : "q8 ", context, median(one, rounds),
             2.0 * (double)(layer * LAYERS) / median(one, rounds) * 1e-6, block_time / BLOCK,
             flops / block_time * 1e-6);
      free(keys), free(values);
    }
  }
}
