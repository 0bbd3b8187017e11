// The clients: so many connections, each with one request after another.
//
//   load -u HOST:PORT -f BODY [-f BODY]... [-P PATH] [-c 16] [-t SECONDS] [-w SECONDS]
//        [-H HEADER]... [-N REQUESTS] [-U PREFIX] [-I] [-D PERMILLE] [-E MS] [-K PIECES]
//        [-S SEED] [-L FILE]
//
//   -f   what is sent; of several, one is drawn for each request. None: GET
//   -t   how long; -w, how long nothing counts at first; -N, after how many requests to stop
//   -U   each request has a name, PREFIX and a number, which takes the place of @USER@ in the body
//   -I   the name is its Idempotency-Key, too
//   -D   so many of 1,000 clients leave before the end: half of them within -E milliseconds (30)
//        of asking, the others after 1 to -K pieces (20) of the answer
//   -L   one JSON line a request: name, status, how it ended, bytes, times in microseconds
//
// An answer ends `whole`, `refused` (another status than 200), `error` (200, but the stream tells
// an error), `truncated` (it ended as HTTP has it, without its last word), `cut` (the connection
// was closed in the middle) or `left`. Truncated and cut ones are `bad`. Prints a JSON object, and
// on stderr the first refusal of each status.
#define _GNU_SOURCE
#include "load_answer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MOST_BODIES = 8, LONGEST_BODY = 1 << 20, STALL_MS = 40 };
enum ending { WHOLE, REFUSED, ERROR, TRUNCATED, CUT, LEFT, ENDINGS };
static const char *const ending_names[] = {"whole", "refused", "error", "truncated", "cut", "left"};

static struct {
  const char *path, *prefix;
  char host[64], headers[4096];
  char *bodies[MOST_BODIES];
  int body_count, connections, leaving, early, most_pieces;
  double seconds, warm_up;
  long requests;
  bool has_keys;
  FILE *log;
} options = {.path = "/v1/chat/completions", .prefix = "", .host = "127.0.0.1:9100",
             .connections = 16, .early = 30, .most_pieces = 20, .seconds = 5, .warm_up = 1,
             .requests = INT64_MAX};

struct client {
  int fd;
  bool is_idle;
  struct answer answer;
  char name[96];
  int64_t wall;
  double asked, first_byte, last_byte, widest_gap;
  /// When, and after how many pieces, it leaves; 0 where it does not.
  double leaves_at;
  long leaves_after;
};

static struct client *clients;
static struct sockaddr_in address;
static int poller;
static char *request;
static double counts_from, stops_at;
static long begun, ended, counted, stalls, endings[ENDINGS], statuses[1000];
static uint64_t total_bytes;
static float *totals, *first_bytes;
static float widest_gap;

static double milliseconds(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1e3 + time.tv_nsec / 1e6;
}

static int64_t wall_clock(void) {
  struct timespec time;
  clock_gettime(CLOCK_REALTIME, &time);
  return time.tv_sec * 1000000LL + time.tv_nsec / 1000;
}

static uint64_t chance_state = 2463534242ULL;

static long chance(long below) {
  chance_state ^= chance_state << 13;
  chance_state ^= chance_state >> 7;
  chance_state ^= chance_state << 17;
  return (long)((chance_state >> 11) % (uint64_t)below);
}

// MARK: Asking

/// Waits up to ten seconds for somebody who listens.
static void join(struct client *client) {
  int on = 1;
  for (int tries = 0; tries < 1000; tries++) {
    client->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (!connect(client->fd, (void *)&address, sizeof address)) {
      struct epoll_event event = {EPOLLIN, {.ptr = client}};
      epoll_ctl(poller, EPOLL_CTL_ADD, client->fd, &event);
      return;
    }
    close(client->fd);
    usleep(10000);
  }
  perror("connect");
  exit(1);
}

static size_t write_request(const struct client *client) {
  static char body[LONGEST_BODY + 128];
  const char *text = options.body_count ? options.bodies[chance(options.body_count)] : "";
  const char *place = strstr(text, "@USER@");
  size_t length = place
      ? (size_t)sprintf(body, "%.*s%s%s", (int)(place - text), text, client->name, place + 6)
      : (size_t)sprintf(body, "%s", text);
  char key[160] = "";
  if (options.has_keys) sprintf(key, "Idempotency-Key: %s\r\n", client->name);
  int head = sprintf(request,
                     "%s %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: load\r\nAccept: */*\r\n"
                     "Content-Type: application/json\r\n%s%sContent-Length: %zu\r\n\r\n",
                     options.body_count ? "POST" : "GET", options.path, options.host,
                     options.headers, key, length);
  memcpy(request + head, body, length);
  return head + length;
}

static void ask(struct client *client) {
  client->is_idle = milliseconds() >= stops_at || begun >= options.requests;
  if (client->is_idle) return;
  begun++;
  snprintf(client->name, sizeof client->name, "%s%ld", options.prefix, begun);
  size_t length = write_request(client);
  answer_begin(&client->answer);
  client->first_byte = client->last_byte = client->widest_gap = client->leaves_at = 0;
  client->leaves_after = 0;
  client->wall = wall_clock();
  client->asked = milliseconds();
  if (chance(1000) < options.leaving) {
    if (chance(2)) client->leaves_at = client->asked + chance(options.early * 1000L + 1) / 1e3;
    else client->leaves_after = 1 + chance(options.most_pieces);
  }
  for (size_t sent = 0; sent < length;) {
    ssize_t count = send(client->fd, request + sent, length - sent, MSG_NOSIGNAL);
    if (count > 0) {
      sent += count;
    } else if (count < 0 && errno != EINTR) {
      // It was closed while nothing was under way: the request has not been seen.
      close(client->fd);
      join(client);
      sent = 0;
    }
  }
}

// MARK: Answers

static void end(struct client *client, enum ending ending) {
  double now = milliseconds();
  ended++;
  endings[ending]++;
  int status = client->answer.status;
  if (ending == REFUSED && status < 1000 && !statuses[status])
    fprintf(stderr, "load: the first %d: %s\n", status, client->answer.beginning);
  if (status >= 0 && status < 1000) statuses[status]++;
  total_bytes += client->answer.bytes;
  if (ending == WHOLE && client->asked >= counts_from) {
    if ((counted & (counted - 1)) == 0) {
      size_t room = (counted ? counted * 2 : 1) * sizeof(float);
      totals = realloc(totals, room);
      first_bytes = realloc(first_bytes, room);
    }
    totals[counted] = now - client->asked;
    first_bytes[counted++] = client->first_byte - client->asked;
    if (client->widest_gap > widest_gap) widest_gap = client->widest_gap;
    stalls += client->widest_gap >= STALL_MS;
  }
  if (options.log)
    fprintf(options.log,
            "{\"user\":\"%s\",\"status\":%d,\"ended\":\"%s\",\"bytes\":%zu,\"pieces\":%ld,"
            "\"began_us\":%ld,\"ended_us\":%ld}\n",
            client->name, status, ending_names[ending], client->answer.bytes,
            client->answer.pieces, (long)client->wall, (long)wall_clock());
}

static enum ending judge(const struct answer *answer, bool is_over) {
  if (answer->status != 200 && is_over) return REFUSED;
  if (answer->has_error) return ERROR;
  if (!is_over) return CUT;
  return answer->is_whole ? WHOLE : TRUNCATED;
}

/// The other end is told at once: closing is the last thing that this connection does.
static void leave(struct client *client) {
  end(client, LEFT);
  close(client->fd);
  join(client);
  ask(client);
}

static void hear(struct client *client) {
  static char bytes[65536];
  ssize_t count = recv(client->fd, bytes, sizeof bytes, MSG_DONTWAIT);
  if (count < 0 && (errno == EINTR || errno == EAGAIN)) return;
  if (client->is_idle) {
    if (count <= 0) epoll_ctl(poller, EPOLL_CTL_DEL, client->fd, NULL);
    return;
  }
  bool is_over;
  if (count <= 0) {
    is_over = answer_close(&client->answer);
  } else {
    double now = milliseconds();
    double gap = client->first_byte ? now - client->last_byte : 0;
    if (!client->first_byte) client->first_byte = now;
    if (gap > client->widest_gap) client->widest_gap = gap;
    client->last_byte = now;
    is_over = answer_feed(&client->answer, bytes, count);
    if (!is_over && client->leaves_after && client->answer.pieces >= client->leaves_after) {
      leave(client);
      return;
    }
    if (!is_over) return;
  }
  end(client, judge(&client->answer, is_over));
  if (client->answer.closes) {
    close(client->fd);
    join(client);
  }
  ask(client);
}

// MARK: The whole

static int compare(const void *left, const void *right) {
  float a = *(const float *)left, b = *(const float *)right;
  return (a > b) - (a < b);
}

static double percentile(const float *values, double share) {
  return counted ? values[(long)(share * (counted - 1) + 0.5)] : -1;
}

static void report(void) {
  double seconds = (milliseconds() - counts_from) / 1e3, sum = 0;
  for (long i = 0; i < counted; i++) sum += totals[i];
  qsort(totals, counted, sizeof *totals, compare);
  qsort(first_bytes, counted, sizeof *first_bytes, compare);
  printf("{\"connections\":%d,\"counted\":%ld,\"all\":%ld,\"bad\":%ld,\"rps\":%.1f",
         options.connections, counted, ended, endings[TRUNCATED] + endings[CUT], counted / seconds);
  for (int i = 0; i < ENDINGS; i++) printf(",\"%s\":%ld", ending_names[i], endings[i]);
  printf(",\"statuses\":{");
  const char *comma = "";
  for (int status = 0; status < 1000; status++) {
    if (!statuses[status]) continue;
    printf("%s\"%d\":%ld", comma, status, statuses[status]);
    comma = ",";
  }
  printf("},\"ms\":{\"mean\":%.3f,\"min\":%.3f,\"p10\":%.3f,\"p50\":%.3f,\"p90\":%.3f,"
         "\"p99\":%.3f,\"max\":%.3f},\"first_ms\":{\"p10\":%.3f,\"p50\":%.3f,\"p99\":%.3f},"
         "\"widest_gap_ms\":%.1f,\"stalls\":%ld,\"bytes_a_request\":%.0f}\n",
         counted ? sum / counted : -1, percentile(totals, 0), percentile(totals, 0.1),
         percentile(totals, 0.5), percentile(totals, 0.9), percentile(totals, 0.99),
         percentile(totals, 1), percentile(first_bytes, 0.1), percentile(first_bytes, 0.5),
         percentile(first_bytes, 0.99), widest_gap, stalls,
         ended ? (double)total_bytes / ended : 0);
}

static char *read_file(const char *name) {
  FILE *file = fopen(name, "r");
  if (!file) {
    perror(name);
    exit(1);
  }
  char *text = calloc(1, LONGEST_BODY + 1);
  if (fread(text, 1, LONGEST_BODY, file) == LONGEST_BODY) exit(1);
  fclose(file);
  return text;
}

static void read_options(int count, char **arguments) {
  int option;
  while ((option = getopt(count, arguments, "u:f:P:c:t:w:H:N:U:ID:E:K:S:L:")) >= 0) {
    switch (option) {
    case 'u': snprintf(options.host, sizeof options.host, "%s", optarg); break;
    case 'f':
      if (options.body_count < MOST_BODIES)
        options.bodies[options.body_count++] = read_file(optarg);
      break;
    case 'P': options.path = optarg; break;
    case 'c': options.connections = atoi(optarg); break;
    case 't': options.seconds = atof(optarg); break;
    case 'w': options.warm_up = atof(optarg); break;
    case 'H':
      strncat(options.headers, optarg, sizeof options.headers - strlen(options.headers) - 3);
      strcat(options.headers, "\r\n");
      break;
    case 'N': options.requests = atol(optarg); break;
    case 'U': options.prefix = optarg; break;
    case 'I': options.has_keys = true; break;
    case 'D': options.leaving = atoi(optarg); break;
    case 'E': options.early = atoi(optarg); break;
    case 'K': options.most_pieces = atoi(optarg); break;
    case 'S': chance_state += 0x9E3779B97F4A7C15ULL * (uint64_t)atol(optarg); break;
    case 'L':
      options.log = fopen(optarg, "a");
      if (!options.log) exit(1);
      break;
    default: exit(2);
    }
  }
}

/// Milliseconds until the next client leaves; 100 at most.
static int wait_time(void) {
  double now = milliseconds(), least = 100;
  for (int i = 0; i < options.connections; i++) {
    if (clients[i].is_idle || !clients[i].leaves_at) continue;
    double left = clients[i].leaves_at - now;
    if (left < least) least = left > 0 ? left : 0;
  }
  return (int)(least + 0.999);
}

int main(int count, char **arguments) {
  read_options(count, arguments);
  char host[64];
  strcpy(host, options.host);
  char *colon = strchr(host, ':');
  if (!colon) return 2;
  *colon = 0;
  address.sin_family = AF_INET;
  address.sin_port = htons(atoi(colon + 1));
  if (!inet_aton(host, &address.sin_addr)) return 2;
  request = malloc(LONGEST_BODY + 16384);
  clients = calloc(options.connections, sizeof *clients);
  poller = epoll_create1(EPOLL_CLOEXEC);
  counts_from = milliseconds() + options.warm_up * 1e3;
  stops_at = counts_from + options.seconds * 1e3;
  for (int i = 0; i < options.connections; i++) {
    join(&clients[i]);
    ask(&clients[i]);
  }
  struct epoll_event events[256];
  for (;;) {
    int ready = epoll_wait(poller, events, 256, options.leaving ? wait_time() : 100);
    for (int i = 0; i < ready; i++) hear(events[i].data.ptr);
    double now = milliseconds();
    bool is_busy = false;
    for (int i = 0; i < options.connections; i++) {
      struct client *client = &clients[i];
      if (!client->is_idle && client->leaves_at && client->leaves_at <= now) leave(client);
      is_busy = is_busy || !client->is_idle;
    }
    if (!is_busy || now > stops_at + 15000) break;
  }
  for (int i = 0; i < options.connections; i++)
    if (!clients[i].is_idle) end(&clients[i], CUT);
  report();
  if (options.log) fclose(options.log);
  return 0;
}
