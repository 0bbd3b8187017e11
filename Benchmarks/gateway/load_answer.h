// How a client sees an answer: whether it was whole, an error, or neither.
#ifndef LOAD_ANSWER_H
#define LOAD_ANSWER_H

#include <stdbool.h>
#include <stddef.h>

enum media { JSON, EVENTS, LINES };

struct answer {
  int status;
  enum media media;
  bool closes;
  /// The stream's last word was there, or the JSON was closed.
  bool is_whole;
  /// An error was told within a stream.
  bool has_error;
  size_t bytes;
  /// How the body begins.
  char beginning[400];
  /// Chunks of a chunked body; reads of another.
  long pieces;

  enum { HEAD, BODY } part;
  char head[8192];
  size_t head_length;
  bool is_chunked;
  /// What a body of known length still lacks; -1 where it ends with the connection.
  long missing;
  enum { SIZE, DATA, DATA_END, TRAILER } chunk_part;
  long chunk_left, trailer_length;
  /// The beginning of the line that is being read.
  char line[4096];
  size_t line_length;
  long depth;
  bool in_string, after_backslash, is_unbalanced;
};

void answer_begin(struct answer *answer);
/// True once the answer has ended as HTTP has it.
bool answer_feed(struct answer *answer, const char *bytes, size_t length);
/// The connection was closed. True where that is how the answer ends.
bool answer_close(struct answer *answer);

#endif
