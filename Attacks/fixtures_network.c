// Servers on the host's loopback, which stand for the world: one that no policy grants, where a
// connection is harm by itself; and two that are granted, where the canary is.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "attack.h"

enum { SINK, SINK_SIX, SINK_DATAGRAM, UPSTREAM, BUDGET, LISTENERS, PEERS = 64 };

static int bound(int family, int kind, int *port) {
  struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons((unsigned short)*port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons((unsigned short)*port),
                             .sin6_addr = IN6ADDR_LOOPBACK_INIT};
  struct sockaddr *name = family == AF_INET ? (struct sockaddr *)&four : (struct sockaddr *)&six;
  socklen_t size = family == AF_INET ? sizeof four : sizeof six;
  int server = socket(family, kind | SOCK_CLOEXEC, 0);
  if (bind(server, name, size) != 0 || (kind == SOCK_STREAM && listen(server, 64) != 0)) return -1;
  getsockname(server, name, &size);
  *port = ntohs(family == AF_INET ? four.sin_port : six.sin6_port);
  return server;
}

struct peer {
  int number, door;
  size_t used;
  char bytes[8192];
};

// What a peer said is searched with the end of what it said before.
static void listen_to(const char *directory, struct peer *peer) {
  size_t keep = peer->used < sizeof CANARY ? peer->used : sizeof CANARY;
  memmove(peer->bytes, peer->bytes + peer->used - keep, keep);
  ssize_t got = recv(peer->number, peer->bytes + keep, sizeof peer->bytes - keep, MSG_DONTWAIT);
  if (got <= 0) {
    close(peer->number);
    peer->number = -1;
    return;
  }
  peer->used = keep + (size_t)got;
  if (peer->door >= UPSTREAM && contains_canary(peer->bytes, peer->used))
    received(directory, "the canary, through a granted door\n");
  static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
  if (memmem(peer->bytes, peer->used, "\r\n\r\n", 4)) send(peer->number, answer, sizeof answer - 1, MSG_NOSIGNAL);
}

static void welcome(const char *directory, struct peer *peers, int listener, int door) {
  int number = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
  if (number < 0) return;
  if (door < UPSTREAM) received(directory, "a connection that nothing grants\n");
  for (int i = 0; i < PEERS; i++)
    if (peers[i].number < 0) {
      peers[i] = (struct peer){.number = number, .door = door};
      return;
    }
  close(number);
}

static void network_body(const char *directory, int ready) {
  static struct peer peers[PEERS];
  int ports[LISTENERS] = {0}, listeners[LISTENERS];
  listeners[SINK] = bound(AF_INET, SOCK_STREAM, &ports[SINK]);
  ports[SINK_SIX] = ports[SINK_DATAGRAM] = ports[SINK];
  listeners[SINK_SIX] = bound(AF_INET6, SOCK_STREAM, &ports[SINK_SIX]);  // where there is version 6
  listeners[SINK_DATAGRAM] = bound(AF_INET, SOCK_DGRAM, &ports[SINK_DATAGRAM]);
  listeners[UPSTREAM] = bound(AF_INET, SOCK_STREAM, &ports[UPSTREAM]);
  listeners[BUDGET] = bound(AF_INET, SOCK_STREAM, &ports[BUDGET]);
  if (listeners[SINK] < 0 || listeners[SINK_DATAGRAM] < 0 || listeners[UPSTREAM] < 0 || listeners[BUDGET] < 0) _exit(1);
  fixture_param(directory, "sink", "%d", ports[SINK]);
  fixture_param(directory, "upstream", "%d", ports[UPSTREAM]);
  fixture_param(directory, "sink2", "%d", ports[BUDGET]);
  spit(text("%s/facts/network", directory), text("%d %d\n", ports[UPSTREAM], ports[BUDGET]), 0644);
  for (int i = 0; i < PEERS; i++) peers[i].number = -1;
  tell(ready);
  for (;;) {
    struct pollfd entries[LISTENERS + PEERS];
    for (int i = 0; i < LISTENERS; i++) entries[i] = (struct pollfd){listeners[i], POLLIN, 0};
    for (int i = 0; i < PEERS; i++) entries[LISTENERS + i] = (struct pollfd){peers[i].number, POLLIN, 0};
    if (poll(entries, LISTENERS + PEERS, -1) < 0) continue;
    for (int i = 0; i < PEERS; i++)
      if (entries[LISTENERS + i].revents) listen_to(directory, &peers[i]);
    for (int i = 0; i < LISTENERS; i++) {
      char bytes[2048];
      if (!entries[i].revents) continue;
      if (i != SINK_DATAGRAM) welcome(directory, peers, listeners[i], i);
      else if (recv(listeners[i], bytes, sizeof bytes, 0) >= 0) received(directory, "a datagram\n");
    }
  }
}

int fixture_network(const char *directory) { return helper(directory, network_body) < 0 ? -1 : 0; }

static bool granted_ports(const char *directory, int *upstream, int *budget) {
  char *ports = slurp(text("%s/facts/network", directory));
  return ports && sscanf(ports, "%d %d", upstream, budget) == 2;
}

int fixture_network_policy(const char *directory, FILE *out) {
  int upstream, budget;
  if (!granted_ports(directory, &upstream, &budget)) return -1;
  fprintf(out,
          "network:\n"
          "  - host: up.example.com\n"
          "    ports: [%d]\n"
          "    addresses: [127.0.0.1]\n"
          "    rules:\n"
          "      - { allow: \"GET /public/**\" }\n"
          "      - { allow: \"POST /public/**\" }\n"
          "      - { deny: \"* /public/private/**\" }\n"
          "  - { host: \"*.budget.example.com\", ports: [%d], addresses: [127.0.0.1], budget: { sent: 9KiB } }\n",
          upstream, budget);
  return 0;
}

int fixture_network_socket(const char *directory) {
  int upstream, budget;
  if (!granted_ports(directory, &upstream, &budget)) return -1;
  return reach("127.0.0.1", upstream, SOCK_STREAM);
}
