// The peer, asked for what `caisson-infer` is asked for: greedy continuations and logits of tokens.
//
//   reference greedy MODEL COUNT   < lines of token ids   > a line of ids, then a line of the gaps
//                                                           between the two best logits
//   reference logits MODEL OUT.bin < one line of token ids
//   reference steps MODEL OUT.bin  < one line of token ids   every tensor on the way: a line with its
//                                                           name and shape, then its numbers (f32)
//   reference tokens MODEL         < lines of text ("\n" stands for a line's end)  > token ids
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "llama.h"

enum { MOST = 16384 };

static llama_token ids[MOST];
static char line[1 << 20];

static int read_ids(void) {
  if (!fgets(line, sizeof line, stdin)) return -1;
  int count = 0;
  for (char *word = strtok(line, " \n"); word && count < MOST; word = strtok(NULL, " \n")) {
    ids[count++] = atoi(word);
  }
  return count;
}

static void quiet(enum ggml_log_level level, const char *text, void *data) {
  (void)data;
  if (level >= GGML_LOG_LEVEL_ERROR) fputs(text, stderr);
}

static void greedy(struct llama_context *context, int vocabulary, int wanted) {
  int count;
  while ((count = read_ids()) >= 0) {
    llama_memory_clear(llama_get_memory(context), true);
    llama_token next = 0;
    static float gaps[MOST];
    for (int made = 0; made < wanted; made++) {
      struct llama_batch batch =
          made ? llama_batch_get_one(&next, 1) : llama_batch_get_one(ids, count);
      if (llama_decode(context, batch)) exit(1);
      const float *logits = llama_get_logits_ith(context, -1);
      int best = 0;
      for (int i = 1; i < vocabulary; i++) best = logits[i] > logits[best] ? i : best;
      float second = -1e30f;
      for (int i = 0; i < vocabulary; i++) {
        if (i != best && logits[i] > second) second = logits[i];
      }
      gaps[made] = logits[best] - second;
      next = best;
      printf(made ? " %d" : "%d", best);
    }
    putchar('\n');
    for (int made = 0; made < wanted; made++) printf(made ? " %.5f" : "%.5f", gaps[made]);
    putchar('\n');
  }
}

static void all_logits(struct llama_context *context, int vocabulary, const char *path) {
  int count = read_ids();
  FILE *file = fopen(path, "w");
  if (count < 0 || !file) exit(1);
  for (int start = 0; start < count; start += 64) {
    int part = count - start < 64 ? count - start : 64;
    struct llama_batch batch = llama_batch_init(part, 0, 1);
    batch.n_tokens = part;
    for (int i = 0; i < part; i++) {
      batch.token[i] = ids[start + i];
      batch.pos[i] = start + i;
      batch.n_seq_id[i] = 1;
      batch.seq_id[i][0] = 0;
      batch.logits[i] = 1;
    }
    if (llama_decode(context, batch)) exit(1);
    for (int i = 0; i < part; i++) {
      fwrite(llama_get_logits_ith(context, i), 4, vocabulary, file);
    }
    llama_batch_free(batch);
  }
  fclose(file);
}

// Called before a tensor is computed (wanted? yes) and after it.
static bool write_step(struct ggml_tensor *t, bool asks, void *file) {
  if (asks || t->type != GGML_TYPE_F32) return true;
  fprintf(file, "%s %d %d %d\n", t->name, (int)t->ne[0], (int)t->ne[1], (int)t->ne[2]);
  for (int64_t head = 0; head < t->ne[2]; head++) {
    for (int64_t row = 0; row < t->ne[1]; row++) {
      fwrite((char *)t->data + head * t->nb[2] + row * t->nb[1], 4, t->ne[0], file);
    }
  }
  return true;
}

static void steps(struct llama_context *context) {
  int count = read_ids();
  if (count < 1 || llama_decode(context, llama_batch_get_one(ids, count))) exit(1);
}

static void tokens(const struct llama_vocab *vocabulary) {
  while (fgets(line, sizeof line, stdin)) {
    size_t length = 0;
    for (char *from = line; *from && *from != '\n'; from++) {
      if (from[0] == '\\' && from[1] == 'n') {
        line[length++] = '\n';
        from++;
      } else {
        line[length++] = *from;
      }
    }
    int count = llama_tokenize(vocabulary, line, (int)length, ids, MOST, true, true);
    for (int i = 0; i < count; i++) printf(i ? " %d" : "%d", ids[i]);
    putchar('\n');
  }
}

int main(int argc, char **argv) {
  if (argc < 3) return 2;
  llama_log_set(quiet, NULL);
  llama_backend_init();
  struct llama_model_params model_params = llama_model_default_params();
  model_params.vocab_only = !strcmp(argv[1], "tokens");
  struct llama_model *model = llama_model_load_from_file(argv[2], model_params);
  if (!model) return 1;
  const struct llama_vocab *vocabulary = llama_model_get_vocab(model);
  if (!strcmp(argv[1], "tokens")) {
    tokens(vocabulary);
    return 0;
  }
  struct llama_context_params params = llama_context_default_params();
  params.n_ctx = 4096;
  params.n_batch = 2048;
  params.n_threads = params.n_threads_batch = 1;
  const char *flash = getenv("FLASH");
  params.flash_attn_type =
      flash && *flash == '1' ? LLAMA_FLASH_ATTN_TYPE_ENABLED : LLAMA_FLASH_ATTN_TYPE_DISABLED;
  FILE *out = argc > 3 && !strcmp(argv[1], "steps") ? fopen(argv[3], "w") : NULL;
  if (out) {
    params.cb_eval = write_step;
    params.cb_eval_user_data = out;
  }
  struct llama_context *context = llama_init_from_model(model, params);
  if (!context || argc < 4) return 1;
  int size = llama_vocab_n_tokens(vocabulary);
  if (!strcmp(argv[1], "greedy")) greedy(context, size, atoi(argv[3]));
  if (!strcmp(argv[1], "logits")) all_logits(context, size, argv[3]);
  if (out) {
    steps(context);
    fclose(out);
  }
  return 0;
}
