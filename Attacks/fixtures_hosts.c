// Helper processes and IPC objects that stand for the rest of the host: a service behind a socket,
// a process to trace or kill, a terminal, a shared segment. Each helper ends by itself after two
// minutes, and by `clean`.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "attack.h"

long long process_start(pid_t pid) {
  char *line = slurp(text("/proc/%d/stat", pid));
  char *end = line ? strrchr(line, ')') : NULL;
  long long start = -1;
  if (end)
    sscanf(end + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %lld",
           &start);
  return start;
}

// Forks a helper that tells its readiness through the descriptor it is given; returns its pid.
pid_t helper(const char *directory, void (*body)(const char *directory, int ready)) {
  int pipes[2];
  if (pipe2(pipes, O_CLOEXEC) != 0) return -1;
  pid_t pid = fork();
  if (pid == 0) {
    setsid();
    alarm(120);
    int null = open("/dev/null", O_RDWR);
    for (int i = 0; i < 3; i++) dup2(null, i);
    // Otherwise whoever reads the output of `prepare` to its end waits for the helper.
    for (int i = 3; i < 64; i++)
      if (i != pipes[1]) close(i);
    body(directory, pipes[1]);
    _exit(0);
  }
  close(pipes[1]);
  char byte;
  bool ready = pid > 0 && read(pipes[0], &byte, 1) == 1;
  close(pipes[0]);
  if (!ready) return -1;
  FILE *list = fopen(text("%s/facts/helpers", directory), "ae");
  if (list) fprintf(list, "%d %lld\n", pid, process_start(pid)), fclose(list);
  return pid;
}

void tell(int ready) {
  if (write(ready, "r", 1) != 1) _exit(1);
  close(ready);
}

void received(const char *directory, const char *what) {
  spit(text("%s/facts/received", directory), what, 0644);
}

static int bind_at(const char *path, int kind) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  socklen_t size = sizeof address;
  if (path[0] == '@') {
    int length = snprintf(address.sun_path + 1, sizeof address.sun_path - 1, "%s", path + 1);
    size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length);
  } else {
    // The name may be longer than an address holds; the directory as a descriptor is not.
    char *copy = strdup(path), *slash = strrchr(copy, '/');
    *slash = 0;
    int directory = open(copy, O_PATH | O_DIRECTORY | O_CLOEXEC);
    snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/%s", directory, slash + 1);
  }
  int listener = socket(AF_UNIX, kind | SOCK_CLOEXEC, 0);
  if (bind(listener, (struct sockaddr *)&address, size) != 0) return -1;
  if (kind == SOCK_STREAM && listen(listener, 8) != 0) return -1;
  if (path[0] != '@') chmod(path, 0777);
  return listener;
}

static int listen_at(const char *path) { return bind_at(path, SOCK_STREAM); }

static void serve(const char *directory, int listener) {
  for (;;) {
    int peer = accept(listener, NULL, NULL);
    if (peer < 0) continue;
    received(directory, "connection\n");
    if (write(peer, CANARY " service\n", strlen(CANARY) + 9) < 0) continue;
    close(peer);
  }
}

static const char *socket_path;
static void socket_body(const char *directory, int ready) {
  int listener = listen_at(socket_path);
  if (listener < 0) _exit(1);
  tell(ready);
  serve(directory, listener);
}

// A service that appears anew every 50 ms, as one that is restarted does.
static void late_body(const char *directory, int ready) {
  tell(ready);
  struct pollfd listeners[240];
  for (int i = 0; i < 240; i++) {
    listeners[i].fd = listen_at(text("%s/late-%d.sock", socket_path, i));
    listeners[i].events = POLLIN;
    if (poll(listeners, (nfds_t)i + 1, 50) > 0)
      for (int k = 0; k <= i; k++)
        if (listeners[k].revents) {
          int peer = accept(listeners[k].fd, NULL, NULL);
          received(directory, "connection\n");
          if (write(peer, CANARY " late\n", strlen(CANARY) + 6) > 0) close(peer);
        }
  }
}

static void late_datagram_body(const char *directory, int ready) {
  tell(ready);
  // After the run has begun, as far as that can be guessed: masks know what was there before.
  usleep(500000);
  int socket = bind_at(text("%s/late.sock", socket_path), SOCK_DGRAM);
  char bytes[64];
  if (socket >= 0 && read(socket, bytes, sizeof bytes) > 0) received(directory, "datagram\n");
  for (;;) pause();
}

static void tcp_body(const char *directory, int ready) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (bind(listener, (struct sockaddr *)&address, size) != 0 || listen(listener, 8) != 0) _exit(1);
  getsockname(listener, (struct sockaddr *)&address, &size);
  fixture_param(directory, "port", "%d", ntohs(address.sin_port));
  tell(ready);
  serve(directory, listener);
}

// What is traced, read, written and killed. It holds a canary in its memory, its environment and an
// open file, and says when its memory was changed. It is a program of its own, because /proc shows
// the environment that a program was started with.
static volatile char victim_memory[64] = CANARY " memory";
int victim(const char *directory, int ready) {
  prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
  int secret = open(text("%s/outside/canary", directory), O_RDONLY);
  dup2(secret, 9);
  fixture_param(directory, "victim_address", "%lu", (unsigned long)victim_memory);
  tell(ready);
  for (;;) {
    usleep(20000);
    if (strcmp((const char *)victim_memory, CANARY " memory") != 0)
      spit(text("%s/facts/tampered", directory), "memory\n", 0644);
  }
}

static void victim_body(const char *directory, int ready) {
  setenv("CAISSON_ATTACK_SECRET", CANARY " environ", 1);
  fcntl(ready, F_SETFD, 0);
  execl("/proc/self/exe", "caisson-attack", "victim", directory, text("%d", ready), NULL);
}

static void pty_body(const char *directory, int ready) {
  int master, slave;
  char name[64];
  if (openpty(&master, &slave, name, NULL, NULL) != 0) _exit(1);
  fchmod(slave, 0666);
  fixture_param(directory, "pty", "%s", name);
  tell(ready);
  char bytes[64];
  if (read(master, bytes, sizeof bytes) > 0) received(directory, "terminal output\n");
  for (;;) pause();
}

static int socket_helper(const char *directory, const char *path) {
  socket_path = path;
  if (path[0] != '@' && make_parents(path) != 0) return -1;
  return helper(directory, socket_body) < 0 ? -1 : fixture_param(directory, "socket", "%s", path);
}

static int remember(const char *directory, const char *kind, const char *value) {
  FILE *list = fopen(text("%s/facts/objects", directory), "ae");
  if (!list) return -1;
  fprintf(list, "%s %s\n", kind, value);
  return fclose(list);
}

int fixture_host(const char *directory, const char *token) {
  char *unique = text("caisson-attack-%d", getpid());
  if (strcmp(token, "victim") == 0) {
    pid_t pid = helper(directory, victim_body);
    return pid < 0 ? -1
                   : fixture_param(directory, "victim", "%d", pid) |
                         spit(text("%s/facts/victim", directory),
                              text("%d %lld\n", pid, process_start(pid)), 0644);
  }
  if (strcmp(token, "socketworkspace") == 0)
    return socket_helper(directory, text("%s/workspace/service/agent.sock", directory));
  if (strcmp(token, "socketgranted") == 0)
    return socket_helper(directory, text("%s/granted/sub/agent.sock", directory));
  if (strcmp(token, "socketoutside") == 0 || strcmp(token, "agent") == 0)
    return socket_helper(directory, text("%s/outside/agent.sock", directory));
  if (strcmp(token, "socketabstract") == 0) return socket_helper(directory, text("@%s", unique));
  if (strcmp(token, "socketlate") == 0 || strcmp(token, "socketlateworkspace") == 0) {
    socket_path = text("%s/%s", directory, token[10] ? "workspace" : "granted");
    return helper(directory, late_body) < 0 ? -1 : fixture_param(directory, "late", "%s", socket_path);
  }
  if (strcmp(token, "socketlatedatagram") == 0) {
    socket_path = text("%s/workspace", directory);
    return helper(directory, late_datagram_body) < 0
               ? -1
               : fixture_param(directory, "late", "%s/late.sock", socket_path);
  }
  if (strcmp(token, "tcp") == 0) return helper(directory, tcp_body) < 0 ? -1 : 0;
  if (strcmp(token, "network") == 0) return fixture_network(directory);
  if (strcmp(token, "pty") == 0) return helper(directory, pty_body) < 0 ? -1 : 0;
  if (strcmp(token, "daemon") == 0) {
    char *marker = text("%s-%lld", unique, process_start(getpid()));
    return fixture_param(directory, "marker", "%s", marker) |
           spit(text("%s/facts/marker", directory), marker, 0644);
  }
  if (strcmp(token, "hosttmp") == 0 || strcmp(token, "shmfile") == 0) {
    char *path = text("%s/%s", token[0] == 'h' ? "/tmp" : "/dev/shm", unique);
    return spit(path, CANARY " shared\n", 0666) | remember(directory, "file", path) |
           fixture_param(directory, token, "%s", path);
  }
  if (strcmp(token, "sysv") == 0) {
    int segment = shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0666);
    char *memory = segment < 0 ? NULL : shmat(segment, NULL, 0);
    if (!memory || memory == (void *)-1) return -1;
    strcpy(memory, CANARY " sysv");
    return remember(directory, "shm", text("%d", segment)) |
           fixture_param(directory, "segment", "%d", segment);
  }
  if (strcmp(token, "queue") == 0) {
    struct mq_attr shape = {.mq_maxmsg = 4, .mq_msgsize = 64};
    umask(0);
    mqd_t queue = mq_open(text("/%s", unique), O_RDWR | O_CREAT, 0666, &shape);
    umask(022);
    if (queue < 0) return 0;  // no POSIX queues on this kernel: the attack says so
    mq_send(queue, CANARY " queue", strlen(CANARY) + 6, 0);
    return remember(directory, "queue", text("/%s", unique)) |
           fixture_param(directory, "queue", "/%s", unique);
  }
  if (strcmp(token, "hostname") == 0) {
    char name[256] = "";
    gethostname(name, sizeof name - 1);
    return spit(text("%s/facts/hostname", directory), name, 0644);
  }
  return 0;  // tokens that files, the policy or the stage take care of
}

int fixture_host_clean(const char *directory) {
  FILE *list = fopen(text("%s/facts/helpers", directory), "re");
  int pid;
  long long start;
  // By pid and start time: a pid alone may be someone else's by now.
  while (list && fscanf(list, "%d %lld\n", &pid, &start) == 2)
    if (pid > 1 && process_start(pid) == start) kill(pid, SIGKILL);
  if (list) fclose(list);
  char *marker = slurp(text("%s/facts/marker", directory));
  for (pid_t lingering; marker && (lingering = process_with_argument(marker)) > 0;) {
    kill(lingering, SIGKILL);
    usleep(10000);
  }
  FILE *objects = fopen(text("%s/facts/objects", directory), "re");
  char kind[16], value[512];
  while (objects && fscanf(objects, "%15s %511s\n", kind, value) == 2) {
    if (strcmp(kind, "file") == 0) unlink(value);
    if (strcmp(kind, "shm") == 0) shmctl((int)strtol(value, NULL, 10), IPC_RMID, NULL);
    if (strcmp(kind, "queue") == 0) mq_unlink(value);
  }
  if (objects) fclose(objects);
  return 0;
}
