#define _GNU_SOURCE
#include "load_answer.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

void answer_begin(struct answer *answer) {
  answer->status = 0;
  answer->closes = answer->is_whole = answer->has_error = false;
  answer->bytes = answer->head_length = answer->line_length = 0;
  answer->pieces = answer->depth = answer->chunk_left = answer->trailer_length = 0;
  answer->part = HEAD;
  answer->beginning[0] = 0;
  answer->chunk_part = SIZE;
  answer->in_string = answer->after_backslash = answer->is_unbalanced = false;
}

// MARK: What the body says

static bool begins(const struct answer *answer, const char *text) {
  size_t length = strlen(text);
  return answer->line_length >= length && !memcmp(answer->line, text, length);
}

static bool holds(const struct answer *answer, const char *text) {
  return memmem(answer->line, answer->line_length, text, strlen(text)) != NULL;
}

static void end_line(struct answer *answer) {
  if (answer->media == EVENTS) {
    if (begins(answer, "data: [DONE]") || begins(answer, "event: message_stop")
        || begins(answer, "event: response.completed")
        || begins(answer, "event: response.incomplete"))
      answer->is_whole = true;
    if (begins(answer, "event: error") || begins(answer, "event: response.failed"))
      answer->has_error = true;
  } else if (holds(answer, "\"done\":true")) {
    answer->is_whole = true;
  }
  if (holds(answer, "\"error\":{") || holds(answer, "\"error\":\"")
      || holds(answer, "\"type\":\"error\""))
    answer->has_error = true;
  answer->line_length = 0;
}

static void read_lines(struct answer *answer, const char *bytes, size_t length) {
  while (length) {
    const char *end = memchr(bytes, '\n', length);
    size_t count = end ? (size_t)(end - bytes) : length;
    size_t room = sizeof answer->line - answer->line_length;
    size_t kept = count < room ? count : room;
    memcpy(answer->line + answer->line_length, bytes, kept);
    answer->line_length += kept;
    if (!end) return;
    end_line(answer);
    bytes = end + 1;
    length -= count + 1;
  }
}

/// Counts brackets: JSON that was cut short has not closed all of them.
static void read_json(struct answer *answer, const char *bytes, size_t length) {
  for (size_t i = 0; i < length; i++) {
    char byte = bytes[i];
    if (answer->in_string) {
      if (answer->after_backslash) answer->after_backslash = false;
      else if (byte == '\\') answer->after_backslash = true;
      else if (byte == '"') answer->in_string = false;
    } else if (byte == '"') {
      answer->in_string = true;
    } else if (byte == '{' || byte == '[') {
      if (answer->is_whole) answer->is_unbalanced = true;
      answer->depth++;
    } else if (byte == '}' || byte == ']') {
      if (--answer->depth == 0) answer->is_whole = true;
    }
  }
}

static void read_body(struct answer *answer, const char *bytes, size_t length) {
  if (answer->bytes + 1 < sizeof answer->beginning) {
    size_t room = sizeof answer->beginning - 1 - answer->bytes;
    size_t kept = length < room ? length : room;
    memcpy(answer->beginning + answer->bytes, bytes, kept);
    answer->beginning[answer->bytes + kept] = 0;
  }
  answer->bytes += length;
  if (answer->media == JSON) read_json(answer, bytes, length);
  else read_lines(answer, bytes, length);
}

static bool end_body(struct answer *answer) {
  if (answer->media != JSON && answer->line_length) end_line(answer);
  if (answer->is_unbalanced) answer->is_whole = false;
  return true;
}

// MARK: HTTP

static void end_head(struct answer *answer) {
  char *head = answer->head;
  head[answer->head_length] = 0;
  answer->status = atoi(head + 9);
  if (answer->status == 100) {
    answer->head_length = 0;
    return;
  }
  const char *length = strcasestr(head, "\r\ncontent-length:");
  answer->missing = length ? atol(length + 17) : -1;
  answer->is_chunked = strcasestr(head, "\r\ntransfer-encoding: chunked") != NULL;
  answer->closes = strcasestr(head, "\r\nconnection: close") != NULL;
  answer->media = strcasestr(head, "text/event-stream") ? EVENTS
      : strcasestr(head, "ndjson")                      ? LINES
                                                        : JSON;
  answer->part = BODY;
}

/// Gives how many bytes of the head there were.
static size_t read_head(struct answer *answer, const char *bytes, size_t length) {
  for (size_t i = 0; i < length; i++) {
    if (answer->head_length + 1 < sizeof answer->head)
      answer->head[answer->head_length++] = bytes[i];
    if (bytes[i] != '\n' || answer->head_length < 4) continue;
    if (memcmp(answer->head + answer->head_length - 4, "\r\n\r\n", 4)) continue;
    end_head(answer);
    if (answer->part == BODY) return i + 1;
  }
  return length;
}

static int hexadecimal(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  digit |= 32;
  return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

/// True at the end of the last chunk.
static bool read_chunks(struct answer *answer, const char *bytes, size_t length) {
  for (size_t i = 0; i < length;) {
    switch (answer->chunk_part) {
    case SIZE:
      if (bytes[i] == '\n') {
        answer->chunk_part = answer->chunk_left ? DATA : TRAILER;
        answer->trailer_length = 0;
        answer->pieces += answer->chunk_left > 0;
      } else if (hexadecimal(bytes[i]) >= 0) {
        answer->chunk_left = answer->chunk_left * 16 + hexadecimal(bytes[i]);
      }
      i++;
      break;
    case DATA: {
      size_t count = length - i;
      if (count > (size_t)answer->chunk_left) count = answer->chunk_left;
      read_body(answer, bytes + i, count);
      answer->chunk_left -= count;
      i += count;
      if (!answer->chunk_left) answer->chunk_part = DATA_END;
      break;
    }
    case DATA_END:
      if (bytes[i++] == '\n') answer->chunk_part = SIZE;
      break;
    case TRAILER:
      if (bytes[i] == '\n' && answer->trailer_length == 0) return true;
      if (bytes[i] == '\n') answer->trailer_length = 0;
      else if (bytes[i] != '\r') answer->trailer_length++;
      i++;
      break;
    }
  }
  return false;
}

bool answer_feed(struct answer *answer, const char *bytes, size_t length) {
  if (answer->part == HEAD) {
    size_t read = read_head(answer, bytes, length);
    if (answer->part == HEAD) return false;
    bytes += read;
    length -= read;
    if (!answer->is_chunked && answer->missing == 0) return end_body(answer);
  }
  if (!length) return false;
  if (answer->is_chunked) return read_chunks(answer, bytes, length) && end_body(answer);
  answer->pieces++;
  read_body(answer, bytes, length);
  if (answer->missing < 0) return false;
  answer->missing -= length;
  return answer->missing <= 0 && end_body(answer);
}

bool answer_close(struct answer *answer) {
  answer->closes = true;
  if (answer->part == HEAD) return false;
  end_body(answer);
  return !answer->is_chunked && answer->missing < 0;
}
