// Using up the host's disk or memory by files. The policy grants 16 MiB of disk; the controls are
// bounded so that they cannot harm the machine that they show it on.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attack.h"

enum { MEBIBYTE = 1 << 20, FILES = 20000, PART = 8 };

// Writes up to `limit` MiB; how many came through.
static int fill(const char *path, int limit) {
  char *block = malloc(MEBIBYTE);
  memset(block, 'x', MEBIBYTE);
  int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644), written = 0;
  while (file >= 0 && written < limit && write(file, block, MEBIBYTE) == MEBIBYTE) written++;
  int number = errno;
  if (file >= 0) close(file);
  free(block);
  errno = number;
  return written;
}

// The same in many files, since the size of each one may be limited by itself.
static int fill_many(const char *prefix, int limit, int pause) {
  signal(SIGXFSZ, SIG_IGN);
  int written = 0, parts = limit / PART, part = 0;
  for (; part < parts; part++) {
    int more = fill(text("%s-%d", prefix, part), PART);
    written += more;
    if (more < PART) break;
    usleep((useconds_t)pause);
  }
  int number = errno;
  for (int i = 0; i <= part; i++) unlink(text("%s-%d", prefix, i));
  errno = number;
  return written;
}

int attack_fill_disk(void) {
  // Slower than a disk, as a real agent is: a watch that looks every so often must see it.
  int written = fill_many("big", 192, 20000);
  return written >= 192 ? goal("wrote %d MiB", written)
                        : stopped(text("write after %d MiB", written));
}

int attack_fill_inodes(void) {
  int made = 0;
  for (; made < FILES; made++) {
    if (made % 1000 == 0) mkdir(text("many-%d", made / 1000), 0755);
    int file = open(text("many-%d/%d", made / 1000, made), O_WRONLY | O_CREAT, 0644);
    if (file < 0) break;
    close(file);
  }
  return made == FILES ? goal("made %d files", made) : stopped(text("open after %d files", made));
}

int attack_fill_tmp(void) {
  static const char *const places[] = {"/tmp", "/dev/shm", "/run", "/var/tmp", "/dev", "/"};
  struct tries tries = {0};
  for (int i = 0; i < (is_control() ? 1 : 6); i++) {
    int written = fill_many(text("%s/caisson-attack-fill-%d", places[i], getpid()), 256, 0);
    attempt(&tries, text("%s after %d MiB", places[i], written), written == 256 ? 0 : -1);
  }
  return conclude(&tries);
}
