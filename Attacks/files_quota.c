// Using up the host's disk or memory by files. The policy grants 16 MiB of disk; the controls are
// bounded so that they cannot harm the machine that they show it on.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attack.h"

enum { MEBIBYTE = 1 << 20, FILES = 20000 };

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

int attack_fill_disk(void) {
  int written = 0;
  for (int i = 0; i < 12; i++) {
    int more = fill(text("big-%d", i), 16);
    written += more;
    if (more < 16) break;
    // Slower than a disk, as a real agent is: a watch that looks every so often must see it.
    usleep(30000);
  }
  int number = errno;
  for (int i = 0; is_control() && i < 12; i++) unlink(text("big-%d", i));
  if (written >= 192) return goal("wrote %d MiB", written);
  errno = number;
  return stopped(text("write after %d MiB", written));
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
    char *path = text("%s/caisson-attack-fill-%d", places[i], getpid());
    int written = fill(path, 256);
    int number = errno;
    unlink(path);
    errno = number;
    attempt(&tries, text("%s after %d MiB", places[i], written), written == 256 ? 0 : -1);
  }
  return conclude(&tries);
}
