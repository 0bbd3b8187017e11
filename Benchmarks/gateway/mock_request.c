// Reads the requests that the mock upstream gets: the head, the body, and the few fields of the
// body that its answer depends on.
//
// The body is searched, not parsed: a field's name counts wherever it stands as a key. That is
// enough for requests that this benchmark writes itself, and costs the load next to nothing.
#define _GNU_SOURCE
#include "mock.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { LARGEST_HEAD = 64 << 10, LARGEST_BODY = 64 << 20 };

/// The value of a key; nil where the body has no such key.
static const char *value_of(const char *body, size_t length, const char *key) {
  const char *end = body + length;
  size_t key_length = strlen(key);
  for (const char *at = body; (at = memmem(at, end - at, key, key_length)); at += key_length) {
    const char *next = at + key_length;
    if (at == body || at[-1] != '"' || next >= end || *next != '"') continue;
    next++;
    while (next < end && (*next == ' ' || *next == '\n')) next++;
    if (next >= end || *next != ':') continue;
    next++;
    while (next < end && (*next == ' ' || *next == '\n')) next++;
    return next < end ? next : NULL;
  }
  return NULL;
}

static void copy_text(char *to, size_t room, const char *from, const char *end, char until) {
  size_t length = 0;
  while (from < end && *from != until && length + 1 < room) to[length++] = *from++;
  to[length] = 0;
}

static bool copy_string(char *to, size_t room, const char *body, size_t length, const char *key) {
  const char *value = value_of(body, length, key);
  if (!value || *value != '"') return false;
  copy_text(to, room, value + 1, body + length, '"');
  return true;
}

static bool is_true(const char *body, size_t length, const char *key, bool otherwise) {
  const char *value = value_of(body, length, key);
  return value ? *value == 't' : otherwise;
}

static enum kind kind_of(const char *path) {
  if (strstr(path, ":generateContent") || strstr(path, ":streamGenerateContent")) return GEMINI;
  if (strstr(path, ":batchEmbedContents")) return GEMINI_EMBED;
  if (strstr(path, "/chat/completions")) return CHAT;
  if (strstr(path, "/completions")) return COMPLETIONS;
  if (strstr(path, "/responses")) return RESPONSES;
  if (strstr(path, "/embeddings")) return EMBEDDINGS;
  if (strstr(path, "/messages/count_tokens")) return COUNT_TOKENS;
  if (strstr(path, "/messages")) return MESSAGES;
  if (strstr(path, "/api/chat")) return OLLAMA_CHAT;
  if (strstr(path, "/api/generate")) return OLLAMA_GENERATE;
  if (strstr(path, "/api/embed")) return OLLAMA_EMBED;
  if (strstr(path, "/api/tags")) return OLLAMA_TAGS;
  if (strstr(path, "/models")) return MODELS;
  return NOWHERE;
}

bool request_is_billed(const struct request *request) {
  switch (request->kind) {
  case MODELS:
  case COUNT_TOKENS:
  case OLLAMA_TAGS:
  case NOWHERE:
    return false;
  default:
    return true;
  }
}

bool request_wants_text(const struct request *request) {
  return request_is_billed(request) && request->kind != EMBEDDINGS
      && request->kind != OLLAMA_EMBED && request->kind != GEMINI_EMBED;
}

static void read_body(struct request *request, const char *body, size_t length) {
  request->body_bytes = length;
  const char *model = strstr(request->path, "/models/");
  if (request->kind == GEMINI || request->kind == GEMINI_EMBED) {
    model = model ? model + 8 : "";
    copy_text(request->model, sizeof request->model, model, model + strlen(model), ':');
  } else if (!copy_string(request->model, sizeof request->model, body, length, "model")) {
    strcpy(request->model, "mock");
  }
  if (!copy_string(request->user, sizeof request->user, body, length, "user"))
    copy_string(request->user, sizeof request->user, body, length, "user_id");
  static const char *const limits[] = {"max_tokens", "max_completion_tokens", "max_output_tokens",
                                       "num_predict", "maxOutputTokens"};
  for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
    const char *value = value_of(body, length, limits[i]);
    if (!value || *value < '0' || *value > '9') continue;
    long limit = strtol(value, NULL, 10);
    if (request->most_output < 0 || limit < request->most_output) request->most_output = limit;
  }
  if (!request_wants_text(request)) return;
  bool is_ollama = request->kind == OLLAMA_CHAT || request->kind == OLLAMA_GENERATE;
  request->stream = request->kind == GEMINI ? strstr(request->path, ":stream") != NULL
                                            : is_true(body, length, "stream", is_ollama);
  request->asks_usage = is_true(body, length, "include_usage", false);
}

static bool has_name(const char *line, const char *end, const char *name) {
  size_t length = strlen(name);
  return (size_t)(end - line) > length && !strncasecmp(line, name, length) && line[length] == ':';
}

static void copy_header(char *to, size_t room, const char *line, const char *end) {
  const char *value = memchr(line, ':', end - line) + 1;
  while (value < end && *value == ' ') value++;
  copy_text(to, room, value, end, '\r');
}

/// Puts the pieces of a chunked body together where they stand. Gives the bytes that they took,
/// 0 where some are missing, -1 where they are none.
static long join_chunks(char *body, size_t length, size_t *joined) {
  size_t at = 0;
  for (*joined = 0;;) {
    char *line_end = memmem(body + at, length - at, "\r\n", 2);
    if (!line_end) return 0;
    size_t size = strtoul(body + at, NULL, 16);
    if (size > LARGEST_BODY) return -1;
    size_t start = line_end + 2 - body;
    if (length < start + size + 2) return 0;
    memmove(body + *joined, body + start, size);
    *joined += size;
    at = start + size + 2;
    if (size == 0) return at;
  }
}

/// Whether a chunked body is all there; its pieces may be moved only then.
static bool has_all_chunks(const char *body, size_t length) {
  if (length >= 5 && !memcmp(body, "0\r\n\r\n", 5)) return true;
  return memmem(body, length, "\r\n0\r\n\r\n", 7) != NULL;
}

long request_read(struct request *request, struct buffer *in, bool *expects_continue) {
  *expects_continue = false;
  char *head_end = in->length ? memmem(in->bytes, in->length, "\r\n\r\n", 4) : NULL;
  if (!head_end) return in->length > LARGEST_HEAD ? -1 : 0;
  size_t head_length = head_end + 4 - in->bytes;
  memset(request, 0, sizeof *request);
  request->most_output = -1;
  char *path = memchr(in->bytes, ' ', head_length);
  char *path_end = path ? memchr(path + 1, ' ', head_end - path) : NULL;
  if (!path_end) return -1;
  copy_text(request->path, sizeof request->path, path + 1, path_end, '?');
  request->kind = kind_of(request->path);

  size_t body_length = 0;
  bool is_chunked = false, expects = false;
  for (char *line = in->bytes; line < head_end;) {
    char *end = memmem(line, head_end + 2 - line, "\r\n", 2);
    if (has_name(line, end, "content-length")) body_length = strtoul(line + 15, NULL, 10);
    else if (has_name(line, end, "transfer-encoding")) is_chunked = true;
    else if (has_name(line, end, "expect")) expects = true;
    else if (has_name(line, end, "x-client-request-id"))
      copy_header(request->client_request_id, sizeof request->client_request_id, line, end);
    else if (has_name(line, end, "idempotency-key"))
      copy_header(request->idempotency, sizeof request->idempotency, line, end);
    line = end + 2;
  }
  if (body_length > LARGEST_BODY) return -1;
  *expects_continue = expects && in->length == head_length;
  char *body = in->bytes + head_length;
  size_t there = in->length - head_length;
  if (!is_chunked) {
    if (there < body_length) return 0;
    read_body(request, body, body_length);
    return head_length + body_length;
  }
  if (!has_all_chunks(body, there)) return 0;
  long taken = join_chunks(body, there, &body_length);
  if (taken <= 0) return taken;
  read_body(request, body, body_length);
  return head_length + taken;
}
