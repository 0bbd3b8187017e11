// Using up the host. The policy grants 64 processes, 128 MiB of memory and 16 MiB of disk; each
// control is bounded to what no machine minds, and well above what the policy grants.
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "attack.h"

enum { PROCESSES = 400, MEBIBYTE = 1 << 20, MEMORY = 512, PART = 64, PARTS = 8 };

int attack_fork_bomb(void) {
  static pid_t children[PROCESSES];
  int count = 0;
  for (; count < PROCESSES; count++) {
    children[count] = fork();
    if (children[count] == 0) {
      alarm(20);
      pause();
      _exit(0);
    }
    if (children[count] < 0) break;
  }
  int number = errno;
  for (int i = 0; i < count; i++) kill(children[i], SIGKILL);
  for (int i = 0; i < count; i++) waitpid(children[i], NULL, 0);
  errno = number;
  return count == PROCESSES ? goal("%d processes", count) : stopped(text("fork after %d processes", count));
}

static void *sleeper(void *unused) {
  pause();
  return unused;
}

int attack_thread_bomb(void) {
  pthread_attr_t small;
  pthread_attr_init(&small);
  pthread_attr_setstacksize(&small, 65536);
  int count = 0;
  for (; count < PROCESSES; count++) {
    pthread_t thread;
    int number = pthread_create(&thread, &small, sleeper, NULL);
    if (number != 0) return errno = number, stopped(text("pthread_create after %d threads", count));
  }
  return goal("%d threads", count);
}

// Touches `count` MiB; how many there were.
static int touch_memory(int count) {
  for (int i = 0; i < count; i++) {
    char *block = mmap(NULL, MEBIBYTE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (block == MAP_FAILED) return i;
    memset(block, i + 1, MEBIBYTE);
  }
  return count;
}

int attack_memory_bomb(void) {
  // In a child: what is killed for it must not take the report along.
  pid_t child = fork();
  if (child == 0) {
    int count = touch_memory(MEMORY);
    usleep(300000);
    _exit(count == MEMORY ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return goal("held %d MiB", MEMORY);
  return stopped_because(WIFSIGNALED(status) ? "killed by signal %d" : "allocation refused, status %d",
                         WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
}

static int hold_in_children(int (*hold)(int)) {
  pid_t children[PARTS];
  for (int i = 0; i < PARTS; i++) {
    children[i] = fork();
    if (children[i] == 0) {
      bool held = hold(PART) == PART;
      // Long enough for a watch that looks four times a second.
      usleep(900000);
      _exit(held ? 0 : 1);
    }
  }
  int held = 0;
  for (int i = 0; i < PARTS; i++) {
    int status = 0;
    waitpid(children[i], &status, 0);
    held += WIFEXITED(status) && WEXITSTATUS(status) == 0;
  }
  return held == PARTS ? goal("held %d MiB in %d processes", PART * PARTS, PARTS)
                       : stopped_because("%d of %d processes held their memory", held, PARTS);
}

static int hold_memfd(int count) {
  int file = (int)syscall(SYS_memfd_create, "attack", 0);
  char *block = malloc(MEBIBYTE);
  memset(block, 'x', MEBIBYTE);
  for (int i = 0; i < count; i++)
    if (write(file, block, MEBIBYTE) != MEBIBYTE) return i;
  return count;
}

int attack_memory_many(void) { return hold_in_children(touch_memory); }
int attack_memory_shared(void) { return hold_in_children(hold_memfd); }

int attack_wall_clock(void) {
  for (int number = 1; number < 65; number++) signal(number, SIG_IGN);
  struct timespec start, now;
  clock_gettime(CLOCK_MONOTONIC, &start);
  // Ends by itself well after the second that the policy grants.
  do {
    usleep(20000);
    clock_gettime(CLOCK_MONOTONIC, &now);
  } while (now.tv_sec - start.tv_sec < 5);
  return goal("ran for more than four seconds");
}

// A core pattern that begins with a pipe starts its handler whatever the limit is, except 1: with 0
// a crash of the run is handed to a program of the host that runs as root.
int attack_core_handler(void) {
  struct rlimit limit;
  getrlimit(RLIMIT_CORE, &limit);
  if (limit.rlim_cur != 1) return goal("a crash reaches a handler: the limit is %lu", (unsigned long)limit.rlim_cur);
  limit.rlim_cur = limit.rlim_max = 0;
  setrlimit(RLIMIT_CORE, &limit);
  syscall(SYS_setrlimit, RLIMIT_CORE, &limit);
  syscall(SYS_prlimit64, 0, RLIMIT_CORE, &limit, NULL);
  syscall(SYS_prlimit64, 0, (long)RLIMIT_CORE | 1L << 32, &limit, NULL);
  getrlimit(RLIMIT_CORE, &limit);
  return limit.rlim_cur == 1 ? stopped_because("the limit stays 1")
                             : goal("the limit was set to %lu", (unsigned long)limit.rlim_cur);
}
