// How attacks on the way out reach for the world: names by the run's own name service, connections
// with a limit of time, and bytes that carry the canary. What arrives is counted on the host.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "attack.h"

int param_port(const char *key) { return (int)strtol(param(key), NULL, 10); }

static int limited(int family, int kind) {
  int peer = socket(family, kind | SOCK_CLOEXEC, 0);
  // Most of what an attack says is answered at once or never.
  struct timeval answer = {.tv_usec = 300000}, patience = {.tv_sec = kind == SOCK_DGRAM ? 2 : 1};
  setsockopt(peer, SOL_SOCKET, SO_RCVTIMEO, kind == SOCK_DGRAM ? &patience : &answer, sizeof answer);
  setsockopt(peer, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  return peer;
}

int reach(const char *address, int port, int kind) {
  struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
  struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons((unsigned short)port)};
  bool is_six = strchr(address, ':') != NULL;
  int peer = limited(is_six ? AF_INET6 : AF_INET, kind);
  struct sockaddr *name = is_six ? (struct sockaddr *)&six : (struct sockaddr *)&four;
  socklen_t size = is_six ? sizeof six : sizeof four;
  if (inet_pton(is_six ? AF_INET6 : AF_INET, address, is_six ? (void *)&six.sin6_addr : (void *)&four.sin_addr) != 1)
    errno = EINVAL;
  else if (connect(peer, name, size) == 0)
    return peer;
  int number = errno;
  close(peer);
  errno = number;
  return -1;
}

size_t question(unsigned char *bytes, const char *name, int type) {
  memcpy(bytes, "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00", 12);
  size_t at = 12;
  while (*name) {
    size_t length = strcspn(name, ".");
    bytes[at++] = (unsigned char)length;
    memcpy(bytes + at, name, length);
    at += length;
    name += length + (name[length] == '.');
  }
  unsigned char tail[] = {0, 0, (unsigned char)type, 0, 1};
  memcpy(bytes + at, tail, sizeof tail);
  return at + sizeof tail;
}

// The address that the run's name service gives for a name.
static bool resolve(const char *name, char address[INET_ADDRSTRLEN]) {
  unsigned char bytes[512];
  int peer = reach("198.18.0.1", 53, SOCK_DGRAM);
  bool known = false;
  if (peer >= 0 && send(peer, bytes, question(bytes, name, 1), 0) > 0) {
    ssize_t got = recv(peer, bytes, sizeof bytes, 0);
    known = got > 28 && bytes[7] == 1 && inet_ntop(AF_INET, bytes + got - 4, address, INET_ADDRSTRLEN);
  }
  if (peer >= 0) close(peer);
  return known;
}

int reach_name(const char *name, int port) {
  char address[INET_ADDRSTRLEN] = "127.0.0.1";
  // Unsealed every name of the fixture is on this machine, which the world's name service does not
  // know.
  if (!is_control() && !resolve(name, address)) return -1;
  return reach(address, port, SOCK_STREAM);
}

int reach_proxy(void) {
  // Unsealed nobody stands between.
  return is_control() ? reach("127.0.0.1", param_port("sink"), SOCK_STREAM)
                      : reach("127.0.0.1", 3128, SOCK_STREAM);
}

bool say(int peer, const char *words) {
  size_t size = strlen(words);
  return peer >= 0 && send(peer, words, size, MSG_NOSIGNAL) == (ssize_t)size;
}

// What is answered within a moment; the empty text where nothing is.
const char *hear(int peer) {
  static char bytes[8192];
  ssize_t got = peer < 0 ? -1 : recv(peer, bytes, sizeof bytes - 1, 0);
  bytes[got > 0 ? got : 0] = 0;
  return bytes;
}

void try_say(const char *name, int port, const char *words) {
  int peer = reach_name(name, port);
  if (say(peer, words)) hear(peer);
  if (peer >= 0) close(peer);
}

int said(void) {
  // The host looks a moment later.
  usleep(20000);
  return stopped_because("the host tells what arrived");
}
