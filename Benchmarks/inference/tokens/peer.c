// llama.cpp's side of compare.py: tokens of texts, and how long they take.
//
//   peer VOCABULARY TEXTS OUT [PARSE]   each text and each answer is preceded by its count, 32 bits
#include <llama.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void quiet(enum ggml_log_level level, const char *text, void *data) {
  (void)level, (void)text, (void)data;
}

int main(int argc, char **argv) {
  if (argc < 4) return 2;
  llama_log_set(quiet, NULL);
  struct llama_model_params params = llama_model_default_params();
  params.vocab_only = true;
  struct llama_model *model = llama_model_load_from_file(argv[1], params);
  if (!model) return 1;
  const struct llama_vocab *vocab = llama_model_get_vocab(model);
  FILE *in = fopen(argv[2], "rb"), *out = fopen(argv[3], "wb");
  double seconds = 0;
  size_t bytes = 0;
  int32_t length;
  while (fread(&length, 4, 1, in) == 1) {
    char *text = malloc(length + 1);
    if (fread(text, 1, length, in) != (size_t)length) return 1;
    int32_t room = length + 16;
    llama_token *tokens = malloc(room * sizeof *tokens);
    struct timespec start, end;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
    int32_t count = llama_tokenize(vocab, text, length, tokens, room, false, argc > 4);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
    seconds += end.tv_sec - start.tv_sec + 1e-9 * (end.tv_nsec - start.tv_nsec);
    bytes += length;
    if (count < 0) return 1;
    fwrite(&count, 4, 1, out);
    fwrite(tokens, sizeof *tokens, count, out);
    free(text), free(tokens);
  }
  printf("%.6f %zu\n", seconds, bytes);
  return fclose(out);
}
