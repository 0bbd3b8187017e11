// What the parts of the mock upstream share: a buffer, a request as it was read, and the answer
// that was decided on.
#ifndef MOCK_H
#define MOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buffer {
  char *bytes;
  size_t length, capacity;
};

void buffer_room(struct buffer *buffer, size_t more);
void buffer_add(struct buffer *buffer, const void *bytes, size_t length);
void buffer_format(struct buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/// Takes bytes away from the front.
void buffer_drop(struct buffer *buffer, size_t length);

enum kind {
  CHAT,
  COMPLETIONS,
  RESPONSES,
  EMBEDDINGS,
  MODELS,
  MESSAGES,
  COUNT_TOKENS,
  OLLAMA_CHAT,
  OLLAMA_GENERATE,
  OLLAMA_EMBED,
  OLLAMA_TAGS,
  GEMINI,
  GEMINI_EMBED,
  NOWHERE,
};

struct request {
  enum kind kind;
  bool stream;
  /// An OpenAI client gets the usage of a stream only where it asks for it.
  bool asks_usage;
  size_t body_bytes;
  /// The most tokens that the answer may have; -1 where the request does not say.
  long most_output;
  char path[160], model[96], user[96], client_request_id[96], idempotency[160];
};

enum fault { NO_FAULT, REFUSED, RESET, BROKEN, SILENT, WITHOUT_USAGE, GARBAGE };

struct answer {
  enum fault fault;
  /// Of a refusal.
  int status;
  long input;
  /// Of a body: all of it. Of a stream: what has been sent so far.
  long output;
  bool tells_usage;
  /// How much of the text a body has.
  size_t text_bytes;
  /// Whether the answer ends because it may not be longer.
  bool is_cut;
  /// Of a stream: the last piece that was sent, and how many there shall be.
  int piece, pieces;
  /// The piece at which a stream breaks, or garbage comes.
  int fault_piece;
};

/// Reads a request from the front of what came. Gives its bytes; 0 where it is not all there yet,
/// -1 where it is none. A chunked body is put together in place.
long request_read(struct request *request, struct buffer *in, bool *expects_continue);
bool request_is_billed(const struct request *request);
/// Whether its answer has text, and so tokens.
bool request_wants_text(const struct request *request);

/// The text of bodies, and the longest that there is.
void answer_set_text(size_t bytes);
size_t answer_text_bytes(void);
void answer_body(struct buffer *out, const struct request *request, const struct answer *answer);
/// A stream's media type, what comes before its first piece, each of them, and its end.
const char *answer_stream_type(const struct request *request);
void answer_opening(struct buffer *out, const struct request *request, const struct answer *answer);
void answer_piece(struct buffer *out, const struct request *request, const struct answer *answer);
void answer_ending(struct buffer *out, const struct request *request, const struct answer *answer);
/// The body of an answer with an error's status.
void answer_refusal(struct buffer *out, const struct request *request, int status);
/// What nobody can parse, framed as the stream's other pieces are.
void answer_garbage(struct buffer *out, const struct request *request);

#endif
