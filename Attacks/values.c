// Small things that every attack needs: formatted text, files by one call, parameters, the canary.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attack.h"

// A run of this program is short: what it allocates lives until it exits.
char *text(const char *format, ...) {
  char *result = NULL;
  va_list arguments;
  va_start(arguments, format);
  if (vasprintf(&result, format, arguments) < 0) abort();
  va_end(arguments);
  return result;
}

int make_directory(const char *path, mode_t mode) {
  if (mkdir(path, 0700) != 0 && errno != EEXIST) return -1;
  return chmod(path, mode);
}

int make_parents(const char *path) {
  char *copy = strdup(path);
  for (char *slash = strchr(copy + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
    *slash = 0;
    // Open to all: what stands before an attack is to be the sandbox and not an owner's permission.
    if (mkdir(copy, 0777) == 0)
      chmod(copy, 0777);
    else if (errno != EEXIST)
      return -1;
    *slash = '/';
  }
  free(copy);
  return 0;
}

int spit(const char *path, const char *content, mode_t mode) {
  int file = open(path, O_WRONLY | (mode ? O_CREAT | O_TRUNC : 0) | O_CLOEXEC, mode);
  if (file < 0) return -1;
  size_t size = strlen(content);
  ssize_t written = write(file, content, size);
  int number = errno;
  // The mode that was asked for, whatever the umask.
  if (mode && written == (ssize_t)size) fchmod(file, mode);
  close(file);
  errno = number;
  return written == (ssize_t)size ? 0 : -1;
}

char *slurp(const char *path) {
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return NULL;
  size_t used = 0, room = 65536;
  char *bytes = malloc(room + 1);
  for (;;) {
    ssize_t got = read(file, bytes + used, room - used);
    if (got < 0) {
      int number = errno;
      close(file);
      errno = number;
      return NULL;
    }
    if (got == 0) break;
    used += (size_t)got;
    if (used == room) bytes = realloc(bytes, (room *= 2) + 1);
  }
  close(file);
  bytes[used] = 0;
  return bytes;
}

// The parameters lie beside the program, in the workspace, where a sealed run can read them; an
// attack that starts elsewhere says so by the environment.
static char *parameters(void) {
  const char *given = getenv("CAISSON_ATTACK_PARAMETERS");
  if (given) return slurp(given);
  char program[PATH_MAX] = "";
  ssize_t size = readlink("/proc/self/exe", program, sizeof program - 1);
  char *slash = size > 0 ? strrchr(program, '/') : NULL;
  if (slash) {
    *slash = 0;
    char *found = slurp(text("%s/" PARAMETERS, program));
    if (found) return found;
  }
  return slurp(PARAMETERS);
}

const char *param(const char *key) {
  static char *all = NULL;
  if (!all) all = parameters();
  if (!all) return "";
  size_t size = strlen(key);
  for (const char *line = all; line && *line;) {
    const char *end = strchr(line, '\n');
    if (strncmp(line, key, size) == 0 && line[size] == '=')
      return text("%.*s", (int)((end ? end : line + strlen(line)) - line - size - 1), line + size + 1);
    line = end ? end + 1 : NULL;
  }
  return "";
}

pid_t param_pid(const char *key) {
  long value = strtol(param(key), NULL, 10);
  return value > 1 ? (pid_t)value : -1;
}

bool contains_canary(const char *bytes, size_t count) {
  return memmem(bytes, count, CANARY, strlen(CANARY)) != NULL;
}

bool file_has_canary(int directory, const char *path) {
  int file = openat(directory, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) return false;
  char bytes[8192];
  ssize_t got = read(file, bytes, sizeof bytes);
  int number = errno;
  close(file);
  if (got < 0) {
    errno = number;
    return false;
  }
  // A file of that name with other content is not what was asked for.
  errno = ENODATA;
  return contains_canary(bytes, (size_t)got);
}
