// The upstream that stands in for model providers: one thread, epoll, connections kept open.
//
//   mock -p PORT [-d MS] [-n PIECES] [-i MS] [-b BYTES] [-u SEED] [--books FILE] [faults]
//
// It answers as OpenAI (chat, completions, responses, embeddings, models), Anthropic, Ollama and
// Gemini do, whole or as a stream.
//
//   -d, -n, -i   wait before the first byte; pieces of a stream, and the wait between them
//   -b           bytes of text in a whole answer
//   -u SEED      usage at random: never more tokens of the prompt than the request's body has
//                bytes, never more of the answer than its text has. Without it 19 and 10, or one
//                a piece
//   --books      what a provider would bill, one JSON line a request
//
// Faults come in so many of 1,000 requests, seeded by -u:
//
//   --fail-status  429 (with Retry-After), 500, 502, 503 or 529
//   --reset        closed before any byte
//   --break        broken off in the middle
//   --silent       nothing, until the peer closes
//   --no-usage     a good answer that does not say what it cost
//   --garbage      a frame that nobody can parse
//
// An answer's output is billed as far as it was sent; one that is no stream, as a whole once a
// byte of it was sent.
#define _GNU_SOURCE
#include "mock.h"
#include "mock_books.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MOST_CONNECTIONS = 8192, FLUSH_MS = 100 };

static struct {
  int port, delay, pieces, interval;
  bool varies;
  int faults[GARBAGE + 1];
} options = {.port = 9100, .pieces = 20};

enum phase {
  READING,
  /// The answer waits for its first byte's time.
  DELAYED,
  STREAMING,
  /// All is written down, and on its way.
  DRAINING,
  /// Nothing will ever come.
  HELD,
};

struct connection {
  int fd;
  enum phase phase;
  struct buffer in, out;
  size_t sent;
  struct request request;
  struct answer answer;
  /// How it ends once what is in `out` is written.
  enum ending ending;
  int64_t began;
  /// When it goes on, in milliseconds; 0 where it waits for no time.
  double due;
  bool awaits_room;
};

static struct connection *connections[MOST_CONNECTIONS];
static int highest, poller;
static struct buffer frames;
static volatile sig_atomic_t stopping;

// MARK: Chance and time

static uint64_t chance_state = 88172645463325252ULL;

static long chance(long below) {
  chance_state ^= chance_state << 13;
  chance_state ^= chance_state >> 7;
  chance_state ^= chance_state << 17;
  return (long)((chance_state >> 11) % (uint64_t)below);
}

static double milliseconds(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1e3 + time.tv_nsec / 1e6;
}

// MARK: What is answered

static enum fault draw_fault(void) {
  long drawn = chance(1000);
  for (enum fault fault = REFUSED; fault <= GARBAGE; fault++) {
    drawn -= options.faults[fault];
    if (drawn < 0) return fault;
  }
  return NO_FAULT;
}

static void decide(struct connection *connection) {
  static const int statuses[] = {429, 500, 502, 503, 529};
  struct request *request = &connection->request;
  struct answer *answer = &connection->answer;
  *answer = (struct answer){.input = 19, .output = 0, .tells_usage = true};
  if (options.varies) answer->input = request->body_bytes ? 1 + chance(request->body_bytes) : 0;
  if (request_is_billed(request)) answer->fault = draw_fault();
  if (answer->fault == REFUSED) answer->status = statuses[chance(5)];
  // Gemini says nothing of what embeddings use.
  if (answer->fault == WITHOUT_USAGE || request->kind == GEMINI_EMBED) answer->tells_usage = false;
  long most = request->most_output;
  if (request->stream) {
    answer->pieces = options.pieces;
    answer->fault_piece = 1 + chance(options.pieces);
  } else if (request_wants_text(request)) {
    answer->text_bytes = answer_text_bytes();
    answer->output = 10;
    if (options.varies) {
      answer->text_bytes = 1 + chance(answer->text_bytes);
      answer->output = 1 + chance(answer->text_bytes);
    }
    if (most >= 0 && most < answer->output) {
      answer->output = most;
      answer->is_cut = true;
      if (answer->text_bytes > (size_t)most * 4) answer->text_bytes = most * 4;
    }
  }
}

static void add_chunk(struct connection *connection) {
  if (!frames.length) return;
  buffer_format(&connection->out, "%zx\r\n", frames.length);
  buffer_add(&connection->out, frames.bytes, frames.length);
  buffer_add(&connection->out, "\r\n", 2);
  frames.length = 0;
}

/// A stream's next piece. One that breaks does so in the midst of a piece.
static void add_piece(struct connection *connection) {
  struct answer *answer = &connection->answer;
  struct request *request = &connection->request;
  long room = request->most_output < 0 ? 1000 : request->most_output - answer->output;
  if (answer->piece == answer->pieces || room <= 0) {
    answer->is_cut = answer->piece < answer->pieces;
    answer_ending(&frames, request, answer);
    add_chunk(connection);
    buffer_add(&connection->out, "0\r\n\r\n", 5);
    connection->phase = DRAINING;
    connection->ending = COMPLETE;
    return;
  }
  answer->piece++;
  bool is_faulty = answer->piece == answer->fault_piece;
  if (is_faulty && answer->fault == GARBAGE) {
    answer_garbage(&frames, request);
    add_chunk(connection);
  }
  long tokens = options.varies ? 1 + chance(3) : 1;
  answer->output += tokens < room ? tokens : room;
  answer_piece(&frames, request, answer);
  size_t before = connection->out.length;
  add_chunk(connection);
  if (is_faulty && answer->fault == BROKEN) {
    connection->out.length = before + chance(connection->out.length - before);
    connection->phase = DRAINING;
    connection->ending = ENDED_BROKEN;
  }
}

static void add_refusal(struct connection *connection) {
  int status = connection->answer.status;
  answer_refusal(&frames, &connection->request, status);
  buffer_format(&connection->out,
                "HTTP/1.1 %d Mock\r\nContent-Type: application/json\r\n%s"
                "Content-Length: %zu\r\n\r\n",
                status, status == 429 ? "Retry-After: 1\r\n" : "", frames.length);
  buffer_add(&connection->out, frames.bytes, frames.length);
  frames.length = 0;
  connection->phase = DRAINING;
  connection->ending = ENDED_REFUSED;
}

static void add_body(struct connection *connection) {
  answer_body(&frames, &connection->request, &connection->answer);
  enum fault fault = connection->answer.fault;
  if (fault == GARBAGE) frames.length /= 2;
  buffer_format(&connection->out,
                "HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
                connection->request.kind == NOWHERE ? "404 Not Found" : "200 OK", frames.length);
  buffer_add(&connection->out, frames.bytes, fault == BROKEN ? frames.length / 2 : frames.length);
  frames.length = 0;
  connection->phase = DRAINING;
  connection->ending = fault == BROKEN ? ENDED_BROKEN : COMPLETE;
}

// MARK: Connections

static void watch(struct connection *connection, int operation) {
  struct epoll_event event = {EPOLLIN | EPOLLRDHUP, {.fd = connection->fd}};
  if (connection->awaits_room) event.events |= EPOLLOUT;
  epoll_ctl(poller, operation, connection->fd, &event);
}

static void drop(struct connection *connection) {
  connections[connection->fd] = NULL;
  close(connection->fd);
  free(connection->in.bytes);
  free(connection->out.bytes);
  free(connection);
}

static void write_down(struct connection *connection, enum ending ending) {
  struct answer *answer = &connection->answer;
  long input = answer->input, output = answer->output;
  if (ending == ENDED_REFUSED || ending == ENDED_RESET) input = output = 0;
  if (!request_is_billed(&connection->request)) input = output = 0;
  bool has_begun = connection->phase == STREAMING || connection->phase == DRAINING;
  if (!has_begun) output = 0;
  books_add(&connection->request, answer, ending, connection->began, input, output);
}

/// The peer is gone.
static void lose(struct connection *connection) {
  if (connection->phase == HELD) write_down(connection, ENDED_SILENT);
  else if (connection->phase != READING) write_down(connection, CANCELLED);
  drop(connection);
}

/// Writes what there is. False where the peer is gone or has no room.
static bool flush(struct connection *connection) {
  while (connection->sent < connection->out.length) {
    ssize_t written = send(connection->fd, connection->out.bytes + connection->sent,
                           connection->out.length - connection->sent, MSG_NOSIGNAL);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && errno == EAGAIN) {
      connection->awaits_room = true;
      watch(connection, EPOLL_CTL_MOD);
      return false;
    }
    if (written < 0) {
      lose(connection);
      return false;
    }
    connection->sent += written;
  }
  connection->out.length = connection->sent = 0;
  return true;
}

/// Goes on with an answer as far as it can. True once it is over, and the next may be read.
static bool advance(struct connection *connection) {
  for (;;) {
    if (connection->awaits_room || !flush(connection)) return false;
    if (connection->phase == DRAINING) {
      write_down(connection, connection->ending);
      if (connection->ending == ENDED_BROKEN) {
        drop(connection);
        return false;
      }
      connection->phase = READING;
      return true;
    }
    if (options.interval && connection->due == 0) {
      connection->due = milliseconds() + options.interval;
      return false;
    }
    connection->due = 0;
    add_piece(connection);
  }
}

static bool respond(struct connection *connection) {
  struct request *request = &connection->request;
  struct answer *answer = &connection->answer;
  connection->due = 0;
  if (answer->fault == RESET) {
    write_down(connection, ENDED_RESET);
    drop(connection);
    return false;
  }
  if (answer->fault == SILENT) {
    connection->phase = HELD;
    return false;
  }
  if (answer->fault == REFUSED) {
    add_refusal(connection);
  } else if (!request->stream) {
    add_body(connection);
  } else {
    connection->phase = STREAMING;
    buffer_format(&connection->out,
                  "HTTP/1.1 200 OK\r\nContent-Type: %s\r\nTransfer-Encoding: chunked\r\n\r\n",
                  answer_stream_type(request));
    answer_opening(&frames, request, answer);
    add_chunk(connection);
  }
  return advance(connection);
}

/// Reads requests and answers them, until one has to wait.
static void serve(struct connection *connection) {
  while (connection->phase == READING && connection->in.length) {
    bool expects_continue;
    long taken = request_read(&connection->request, &connection->in, &expects_continue);
    if (taken < 0) {
      drop(connection);
      return;
    }
    if (expects_continue)
      send(connection->fd, "HTTP/1.1 100 Continue\r\n\r\n", 25, MSG_NOSIGNAL);
    if (taken == 0) return;
    buffer_drop(&connection->in, taken);
    connection->began = wall_clock();
    decide(connection);
    if (options.delay) {
      connection->phase = DELAYED;
      connection->due = milliseconds() + options.delay;
      return;
    }
    if (!respond(connection)) return;
  }
}

/// False where the peer has closed.
static bool receive(struct connection *connection) {
  struct buffer *in = &connection->in;
  for (;;) {
    buffer_room(in, 16384);
    ssize_t count = recv(connection->fd, in->bytes + in->length, 16384, 0);
    if (count == 0) return false;
    if (count < 0) return errno == EAGAIN || errno == EINTR;
    in->length += count;
    if (count < 16384) return true;
  }
}

static void on_event(struct connection *connection, uint32_t events) {
  int fd = connection->fd;
  bool is_open = !(events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR));
  if (events & EPOLLIN) {
    is_open = receive(connection) && is_open;
    serve(connection);
  }
  if (connections[fd] && !is_open) {
    lose(connection);
  } else if (connections[fd] && events & EPOLLOUT && connection->awaits_room) {
    connection->awaits_room = false;
    watch(connection, EPOLL_CTL_MOD);
    if (advance(connection)) serve(connection);
  }
}

static void accept_all(int listener) {
  int on = 1, fd;
  while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
    if (fd >= MOST_CONNECTIONS) {
      close(fd);
      continue;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    connections[fd] = calloc(1, sizeof(struct connection));
    connections[fd]->fd = fd;
    if (fd > highest) highest = fd;
    watch(connections[fd], EPOLL_CTL_ADD);
  }
}

// MARK: The loop

/// Goes on with what is due, and says how long to wait for what is not yet; -1 for nothing.
static int on_time(void) {
  double now = milliseconds(), first = 0;
  for (int fd = 0; fd <= highest; fd++) {
    struct connection *connection = connections[fd];
    if (!connection || connection->due == 0) continue;
    if (connection->due <= now) {
      bool is_over = connection->phase == DELAYED ? respond(connection) : advance(connection);
      if (is_over) serve(connection);
      connection = connections[fd];
    }
    if (connection && connection->due && (first == 0 || connection->due < first))
      first = connection->due;
  }
  if (first == 0) return -1;
  double left = first - milliseconds();
  return left > 0 ? (int)(left + 0.999) : 0;
}

static void on_signal(int number) {
  (void)number;
  stopping = 1;
}

static int listen_on(int port) {
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  struct sockaddr_in address = {
      .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
  if (bind(listener, (void *)&address, sizeof address) || listen(listener, 1024)) {
    perror("mock");
    exit(1);
  }
  return listener;
}

static void read_options(int count, char **arguments) {
  static const struct option names[] = {
      {"books", required_argument, NULL, 'B'},
      {"fail-status", required_argument, NULL, 'a' + REFUSED + 100},
      {"reset", required_argument, NULL, 'a' + RESET + 100},
      {"break", required_argument, NULL, 'a' + BROKEN + 100},
      {"silent", required_argument, NULL, 'a' + SILENT + 100},
      {"no-usage", required_argument, NULL, 'a' + WITHOUT_USAGE + 100},
      {"garbage", required_argument, NULL, 'a' + GARBAGE + 100},
      {NULL, 0, NULL, 0},
  };
  int option;
  while ((option = getopt_long(count, arguments, "p:d:n:i:b:u:", names, NULL)) >= 0) {
    switch (option) {
    case 'p': options.port = atoi(optarg); break;
    case 'd': options.delay = atoi(optarg); break;
    case 'n': options.pieces = atoi(optarg); break;
    case 'i': options.interval = atoi(optarg); break;
    case 'b': answer_set_text(atol(optarg)); break;
    case 'u':
      options.varies = true;
      for (long i = atol(optarg) + 1; i > 0; i = i > 1 ? i / 2 : 0) chance_state += i * 7919;
      break;
    case 'B': books_open(optarg); break;
    case '?': exit(2);
    default: options.faults[option - 'a' - 100] = atoi(optarg);
    }
  }
}

int main(int count, char **arguments) {
  read_options(count, arguments);
  int listener = listen_on(options.port);
  poller = epoll_create1(EPOLL_CLOEXEC);
  struct epoll_event event = {EPOLLIN, {.fd = listener}}, events[256];
  epoll_ctl(poller, EPOLL_CTL_ADD, listener, &event);
  struct sigaction action = {.sa_handler = on_signal};
  sigaction(SIGTERM, &action, NULL);
  sigaction(SIGINT, &action, NULL);
  double flushed = milliseconds();
  while (!stopping) {
    int wait = options.delay || options.interval ? on_time() : -1;
    if (books_wait() && (wait < 0 || wait > FLUSH_MS)) wait = FLUSH_MS;
    int ready = epoll_wait(poller, events, 256, wait);
    for (int i = 0; i < ready; i++) {
      int fd = events[i].data.fd;
      if (fd == listener) accept_all(listener);
      else if (connections[fd]) on_event(connections[fd], events[i].events);
    }
    if (books_wait() && milliseconds() - flushed > FLUSH_MS) {
      books_flush();
      flushed = milliseconds();
    }
  }
  books_flush();
  return 0;
}
