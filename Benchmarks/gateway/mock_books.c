#define _GNU_SOURCE
#include "mock_books.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { FULL = 64 << 10 };

static int file = -1;
static struct buffer lines;

int64_t wall_clock(void) {
  struct timespec time;
  clock_gettime(CLOCK_REALTIME, &time);
  return time.tv_sec * 1000000LL + time.tv_nsec / 1000;
}

void books_open(const char *path) {
  file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (file < 0) {
    perror(path);
    exit(1);
  }
}

/// A JSON string, with the key before it. What came in has no control characters.
static void add_string(const char *key, const char *value) {
  buffer_format(&lines, ",\"%s\":\"", key);
  for (; *value; value++) {
    if (*value == '"' || *value == '\\') buffer_add(&lines, "\\", 1);
    buffer_add(&lines, value, 1);
  }
  buffer_add(&lines, "\"", 1);
}

void books_add(const struct request *request, const struct answer *answer, enum ending ending,
               int64_t began, long input, long output) {
  static const char *const endings[] = {"complete", "refused", "reset",
                                        "broken",   "silent",  "cancelled"};
  static const char *const faults[] = {"none",   "refused",  "reset",  "broken",
                                       "silent", "no-usage", "garbage"};
  if (file < 0) return;
  buffer_format(&lines, "{\"time_us\":%ld", (long)began);
  add_string("id", request->client_request_id);
  add_string("idempotency", request->idempotency);
  add_string("path", request->path);
  add_string("model", request->model);
  add_string("user", request->user);
  bool told = answer->tells_usage;
  if (request->stream && (request->kind == CHAT || request->kind == COMPLETIONS))
    told = told && request->asks_usage;
  buffer_format(&lines,
                ",\"stream\":%s,\"state\":\"%s\",\"fault\":\"%s\",\"status\":%d,\"told\":%s,"
                "\"body_bytes\":%zu,\"input\":%ld,\"output\":%ld,\"ended_us\":%ld}\n",
                request->stream ? "true" : "false", endings[ending], faults[answer->fault],
                ending == ENDED_REFUSED ? answer->status : 200, told ? "true" : "false",
                request->body_bytes, input, output, (long)wall_clock());
  if (lines.length > FULL) books_flush();
}

bool books_wait(void) { return lines.length > 0; }

void books_flush(void) {
  if (!lines.length) return;
  if (write(file, lines.bytes, lines.length) != (ssize_t)lines.length) perror("books");
  lines.length = 0;
}
