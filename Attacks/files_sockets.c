// Sockets of the host that lie where the run can see them: a path socket passes through read-only
// binds, network namespaces and Landlock, so it must not be there at all.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "attack.h"

// Connects and wants the service's canary: a socket of our own making is no breach.
long socket_greet(const char *path, int kind) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  socklen_t size = sizeof address;
  if (path[0] == '@') {
    int length = snprintf(address.sun_path + 1, sizeof address.sun_path - 1, "%s", path + 1);
    size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length);
  } else {
    char *copy = strdup(path), *slash = strrchr(copy, '/');
    const char *name = slash ? slash + 1 : path;
    if (slash) *slash = 0;
    int directory = open(slash ? (copy[0] ? copy : "/") : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0) return -1;
    snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/%s", directory, name);
  }
  int peer = socket(AF_UNIX, kind | SOCK_CLOEXEC, 0);
  if (peer < 0) return -1;
  struct timeval patience = {1, 0};
  setsockopt(peer, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  char bytes[128];
  if (connect(peer, (struct sockaddr *)&address, size) != 0) {
    int number = errno;
    close(peer);
    return errno = number, -1;
  }
  ssize_t got = read(peer, bytes, sizeof bytes);
  close(peer);
  errno = ENODATA;
  return got > 0 && contains_canary(bytes, (size_t)got) ? 0 : -1;
}

static int greet_parameter(void) {
  struct tries tries = {0};
  attempt(&tries, "connect", socket_greet(param("socket"), SOCK_STREAM));
  return conclude(&tries);
}

int attack_unix_workspace(void) {
  struct tries tries = {0};
  attempt(&tries, "connect", socket_greet(param("socket"), SOCK_STREAM));
  attempt(&tries, "connect(relative)", socket_greet("service/agent.sock", SOCK_STREAM));
  return conclude(&tries);
}
int attack_unix_workspace_direct(void) { return attack_unix_workspace(); }
int attack_unix_granted(void) { return greet_parameter(); }
int attack_unix_abstract(void) { return greet_parameter(); }

int attack_unix_outside(void) {
  struct tries tries = {0};
  attempt(&tries, "connect", socket_greet(param("socket"), SOCK_STREAM));
  // What is usually there. In the control these are other people's services: left alone.
  static const char *const services[] = {
      "/run/docker.sock", "/var/run/docker.sock", "/run/dbus/system_bus_socket", "/tmp/.X11-unix/X0",
      "/run/containerd/containerd.sock", "/run/systemd/private", "/run/user/1000/bus", "/run/user/0/bus"};
  for (size_t i = 0; !is_control() && i < sizeof services / sizeof *services; i++)
    attempt(&tries, services[i], access(services[i], F_OK));
  return conclude(&tries);
}

static long long now_milliseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

// Only sockets that did not exist when the run began: what existed is masked, and another attack's.
static int greet_late(void) {
  bool old[240];
  for (int i = 0; i < 240; i++)
    old[i] = access(text("%s/late-%d.sock", param("late"), i), F_OK) == 0;
  struct tries tries = {0};
  for (long long end = now_milliseconds() + 600; now_milliseconds() < end; usleep(20000))
    for (int i = 0; i < 240; i++) {
      const char *path = text("%s/late-%d.sock", param("late"), i);
      if (old[i] || access(path, F_OK) != 0) continue;
      if (attempt(&tries, "connect(late)", socket_greet(path, SOCK_STREAM))) return conclude(&tries);
      old[i] = true;
    }
  if (tries.count == 0) return stopped_because("no socket appeared after the start");
  return conclude(&tries);
}
int attack_unix_granted_late(void) { return greet_late(); }
int attack_unix_workspace_late(void) { return greet_late(); }

// No socket of one's own is needed: half of a connected pair sends to whatever is named.
int attack_unix_datagram_late(void) {
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) != 0) return stopped("socketpair");
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  const char *path = param("late"), *slash = strrchr(path, '/');
  int directory = open(text("%.*s", (int)(slash - path), path), O_PATH | O_DIRECTORY | O_CLOEXEC);
  snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d%s", directory, slash);
  struct tries tries = {0};
  for (long long end = now_milliseconds() + 1500; now_milliseconds() < end; usleep(20000)) {
    if (sendto(pair[0], CANARY, 8, 0, (struct sockaddr *)&address, sizeof address) > 0)
      return goal("sent to the host's socket");
    if (connect(pair[1], (struct sockaddr *)&address, sizeof address) == 0)
      return goal("connected to the host's socket");
  }
  attempt(&tries, "sendto", -1);
  return conclude(&tries);
}

int attack_unix_rename(void) {
  struct tries tries = {0};
  if (is_control()) return attempt(&tries, "connect", socket_greet("service/agent.sock", SOCK_STREAM)), conclude(&tries);
  if (rename("service/agent.sock", "service/moved.sock") == 0)
    attempt(&tries, "connect(moved)", socket_greet("service/moved.sock", SOCK_STREAM));
  else
    attempt(&tries, "rename(socket)", -1);
  if (link("service/agent.sock", "linked.sock") == 0)
    attempt(&tries, "connect(linked)", socket_greet("linked.sock", SOCK_STREAM));
  if (unlink("service/agent.sock") == 0)
    attempt(&tries, "connect(after unlink)", socket_greet("service/agent.sock", SOCK_STREAM));
  if (rename("service", "moved") == 0)
    attempt(&tries, "connect(moved directory)", socket_greet("moved/agent.sock", SOCK_STREAM));
  else
    attempt(&tries, "rename(directory)", -1);
  return conclude(&tries);
}
