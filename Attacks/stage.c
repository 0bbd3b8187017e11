// The caller that an attack assumes: one that leaves descriptors open, has secrets in its
// environment, runs in a terminal, shares its process group. The command (the attack itself in the
// control, `caisson run … -- attack` otherwise) is started from here.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "attack.h"

static int status_of(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void record(const char *directory, const char *harm) {
  spit(text("%s/facts/stage", directory), harm, 0644);
}

static int execute(char **command) {
  execvp(command[0], command);
  fprintf(stderr, "caisson-attack: cannot start %s: %s\n", command[0], strerror(errno));
  return BROKEN;
}

// Another program of the caller's process group, as in a shell's pipeline: is it signalled?
static int stage_group(const char *directory, char **command) {
  pid_t leader = fork();
  if (leader == 0) {
    setpgid(0, 0);
    pid_t sibling = fork();
    if (sibling == 0) {
      alarm(60);
      for (;;) pause();
    }
    pid_t child = fork();
    if (child == 0) _exit(execute(command));
    // The watcher is in the group too and must outlive the signal to tell of it.
    signal(SIGTERM, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    signal(SIGUSR1, SIG_IGN);
    int status = 0;
    waitpid(child, &status, 0);
    usleep(20000);
    bool hit = waitpid(sibling, NULL, WNOHANG | WUNTRACED) == sibling;
    record(directory, hit ? "harm" : "none");
    kill(sibling, SIGKILL);
    _exit(status_of(status));
  }
  int status = 0;
  waitpid(leader, &status, 0);
  return status_of(status);
}

static void terminal_child(int slave, char **command) {
  setsid();
  ioctl(slave, TIOCSCTTY, 0);
  for (int i = 0; i < 3; i++) dup2(slave, i);
  if (slave > 2) close(slave);
  _exit(execute(command));
}

// A terminal of the caller's: whatever lies in its input at the end was typed by the command.
static int stage_terminal(const char *directory, char **command) {
  int master, slave;
  if (openpty(&master, &slave, NULL, NULL, NULL) != 0) return broken("openpty");
  struct termios mode;
  tcgetattr(slave, &mode);
  cfmakeraw(&mode);
  tcsetattr(slave, TCSANOW, &mode);
  fcntl(master, F_SETFD, FD_CLOEXEC);
  pid_t child = fork();
  if (child == 0) terminal_child(slave, command);
  int status = 0;
  struct pollfd output = {.fd = master, .events = POLLIN};
  for (bool ended = false; !ended;) {
    ended = waitpid(child, &status, WNOHANG) == child;
    while (poll(&output, 1, ended ? 0 : 20) > 0 && (output.revents & POLLIN)) {
      char bytes[4096];
      ssize_t got = read(master, bytes, sizeof bytes);
      if (got <= 0 || write(1, bytes, (size_t)got) < 0) break;
    }
  }
  int waiting = 0;
  ioctl(slave, FIONREAD, &waiting);
  record(directory, waiting > 0 ? "harm" : "none");
  return status_of(status);
}

static int onto(const char *path, int flags, int number) {
  int file = open(path, flags);
  if (file < 0) return -1;
  if (file == number) return 0;
  int result = dup2(file, number);
  close(file);
  return result < 0 ? -1 : 0;
}

static int stage_descriptors(const char *directory) {
  const char *outside = text("%s/outside", directory);
  int failed = 0;
  for (int i = 20; i > 5; i--) failed |= onto(text("%s/canary", outside), O_RDWR, i);
  return failed | onto("/", O_RDONLY | O_DIRECTORY, 3) | onto(outside, O_PATH | O_DIRECTORY, 4) |
         onto(outside, O_RDONLY | O_DIRECTORY, 5);
}

static void stage_environment(void) {
  static const char *const names[] = {
      "GITHUB_TOKEN",      "AWS_SECRET_ACCESS_KEY", "OPENAI_API_KEY", "ANTHROPIC_API_KEY",
      "SERVICE_PASSWORD",  "DATABASE_URL",          "NPM_TOKEN",      "innocent",
      "DBUS_SESSION_BUS_ADDRESS"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    setenv(names[i], CANARY "-environment", 1);
}

static int stage_keyring(void) {
  if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0) return -1;
  const char *payload = CANARY " key";
  return syscall(SYS_add_key, "user", "caisson-attack", payload, strlen(payload),
                 KEY_SPEC_SESSION_KEYRING) < 0
             ? -1
             : 0;
}

int stage(const struct attack *attack, const char *directory, char **command) {
  int failed = setenv("HOME", text("%s/home", directory), 1);
  if (has_setup(attack, "environment")) stage_environment();
  if (has_setup(attack, "agent"))
    failed |= setenv("SSH_AUTH_SOCK", text("%s/outside/agent.sock", directory), 1);
  if (has_setup(attack, "keyring")) failed |= stage_keyring() != 0 && errno != ENOSYS ? -1 : 0;
  failed |= chdir(text("%s/workspace", directory));
  if (has_setup(attack, "cwd")) failed |= chdir(text("%s/outside", directory));
  if (has_setup(attack, "stdindirectory"))
    failed |= onto(text("%s/outside", directory), O_RDONLY | O_DIRECTORY, 0);
  if (has_setup(attack, "stdinfile"))
    failed |= onto(text("%s/outside/canary", directory), O_RDONLY, 0);
  if (has_setup(attack, "stderrdirectory"))
    failed |= onto(text("%s/outside", directory), O_RDONLY | O_DIRECTORY, 2);
  if (has_setup(attack, "stdoutlog"))
    failed |= onto(text("%s/outside/log", directory), O_WRONLY | O_APPEND, 1);
  if (has_setup(attack, "stdinsocket"))
    failed |= dup2(fixture_network_socket(directory), 0) < 0 ? -1 : 0;
  // Last: these numbers may be in use by what came before.
  if (has_setup(attack, "descriptors")) failed |= stage_descriptors(directory);
  if (failed) return broken("stage");
  if (has_setup(attack, "processgroup")) return stage_group(directory, command);
  if (has_setup(attack, "terminal")) return stage_terminal(directory, command);
  return execute(command);
}
