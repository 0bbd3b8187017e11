// The terminal, and what a run could inherit from its caller: descriptors, environment, keyrings.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <termios.h>
#include <unistd.h>

#include "attack.h"

int attack_terminal_inject(void) {
  struct tries tries = {0};
  static const char line[] = "echo pwned\n";
  int terminals[] = {0, 1, 2, open("/dev/tty", O_RDWR | O_NOCTTY), open("/dev/console", O_RDWR | O_NOCTTY)};
  for (int i = 0; i < 5; i++) {
    if (terminals[i] < 0) continue;
    for (const char *c = line; *c; c++) {
      attempt(&tries, "TIOCSTI", syscall(SYS_ioctl, terminals[i], TIOCSTI, c));
      // The kernel looks at 32 bits of the request; a filter that compares 64 lets this one pass.
      attempt(&tries, "TIOCSTI in 64 bits", syscall(SYS_ioctl, terminals[i], (long)TIOCSTI | 1L << 32, c));
      if (!tries.won) break;
    }
  }
  return conclude(&tries);
}

int attack_terminal_console(void) {
  struct tries tries = {0};
  static const char *const names[] = {"/dev/tty0", "/dev/tty1", "/dev/console", "/dev/tty"};
  char subcode = 6;  // reads the shift state: harmless, and refused to whoever does not own a console
  for (int i = -1; i < 4; i++) {
    int terminal = i < 0 ? 0 : open(names[i], O_RDWR | O_NOCTTY | O_NONBLOCK);
    long result = terminal < 0 ? -1 : ioctl(terminal, TIOCLINUX, &subcode);
    if (result < 0 && errno == ENOTTY) errno = ENODEV;
    attempt(&tries, i < 0 ? "stdin" : names[i], result);
  }
  return conclude(&tries);
}

int attack_terminal_pseudo(void) {
  struct tries tries = {0};
  const char *theirs = param("pty");
  int terminal = open(theirs, O_RDWR | O_NOCTTY);
  attempt(&tries, theirs, terminal < 0 ? -1 : write(terminal, CANARY "\n", strlen(CANARY) + 1));
  for (int i = 0; !is_control() && i < 8; i++) {
    int other = open(text("/dev/pts/%d", i), O_RDWR | O_NOCTTY);
    if (other >= 0 && write(other, "x", 1) < 0) close(other);
  }
  return conclude(&tries);
}

int attack_descriptors_inherited(void) {
  int open_count = 0;
  for (int number = 3; number < 1024; number++) {
    if (fcntl(number, F_GETFD) < 0) continue;
    open_count++;
    char bytes[128];
    ssize_t got = pread(number, bytes, sizeof bytes, 0);
    if (got > 0 && contains_canary(bytes, (size_t)got)) return goal("descriptor %d is the canary", number);
    if (file_has_canary(number, "canary") || file_has_canary(number, param("canary") + 1))
      return goal("descriptor %d leads outside", number);
    struct stat facts;
    fstat(number, &facts);
    printf("descriptor %d is open, mode %o\n", number, facts.st_mode);
  }
  if (open_count == 0) return stopped_because("no descriptor above 2 is open");
  // Whatever it is, only 0, 1 and 2 may cross.
  return goal("%d descriptors above 2 are open", open_count);
}

int attack_descriptor_directory(void) {
  struct tries tries = {0};
  attempt(&tries, "openat", file_has_canary(0, "canary") ? 0 : -1);
  attempt(&tries, "openat(..)", file_has_canary(0, "../outside/canary") ? 0 : -1);
  attempt(&tries, "/proc/self/fd/0", file_has_canary(AT_FDCWD, "/proc/self/fd/0/canary") ? 0 : -1);
  attempt(&tries, "list", open("/proc/self/fd/0", O_RDONLY | O_DIRECTORY));
  if (fchdir(0) == 0) attempt(&tries, "fchdir", file_has_canary(AT_FDCWD, "canary") ? 0 : -1);
  // No right to read is needed for these.
  attempt(&tries, "fchmodat", fchmodat(0, "canary", 0600, 0));
  attempt(&tries, "utimensat", utimensat(0, "canary", NULL, 0));
  attempt(&tries, "unlinkat", unlinkat(0, "protected", 0));
  attempt(&tries, "create", openat(0, "planted", O_CREAT | O_WRONLY, 0644));
  attempt(&tries, "stat", faccessat(0, "canary", F_OK, 0));
  return conclude(&tries);
}

int attack_descriptor_reopen(void) {
  struct tries tries = {0};
  attempt(&tries, "/proc/self/fd/0", open("/proc/self/fd/0", O_RDWR));
  attempt(&tries, "/dev/stdin", open("/dev/stdin", O_WRONLY));
  attempt(&tries, "O_TRUNC", open("/proc/self/fd/0", O_RDONLY | O_TRUNC));
  attempt(&tries, "truncate", truncate("/proc/self/fd/0", 0));
  attempt(&tries, "linkat", linkat(AT_FDCWD, "/proc/self/fd/0", AT_FDCWD, "linked", AT_SYMLINK_FOLLOW));
  return conclude(&tries);
}

int attack_descriptor_metadata(void) {
  struct tries tries = {0};
  struct timespec times[2] = {{1, 0}, {1, 0}};
  int flags = 0;
  attempt(&tries, "fchmod", fchmod(0, 0600));
  attempt(&tries, "futimens", futimens(0, times));
  attempt(&tries, "fsetxattr", fsetxattr(0, "user.attack", "x", 1, 0));
  if (ioctl(0, FS_IOC_GETFLAGS, &flags) == 0) {
    flags |= FS_NODUMP_FL;
    attempt(&tries, "FS_IOC_SETFLAGS", ioctl(0, FS_IOC_SETFLAGS, &flags));
  }
  return conclude(&tries);
}

int attack_descriptor_other(void) {
  struct tries tries = {0};
  for (int number = 1; number < 3; number++) {
    attempt(&tries, "openat", file_has_canary(number, "canary") ? 0 : -1);
    attempt(&tries, "fchmodat", fchmodat(number, "canary", 0600, 0));
    attempt(&tries, "unlinkat", unlinkat(number, "protected", 0));
  }
  return conclude(&tries);
}

int attack_descriptor_output(void) {
  struct tries tries = {0};
  attempt(&tries, "ftruncate", ftruncate(1, 0));
  // Appending is a flag that its holder can take away.
  fcntl(1, F_SETFL, fcntl(1, F_GETFL) & ~O_APPEND);
  attempt(&tries, "pwrite", pwrite(1, "rewritten\n", 10, 0));
  attempt(&tries, "fallocate", fallocate(1, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 8));
  return tries.won ? GOAL : STOPPED;
}

int attack_environment_secrets(void) {
  extern char **environ;
  for (char **entry = environ; *entry; entry++)
    if (strstr(*entry, CANARY)) return goal("%.*s", (int)strcspn(*entry, "="), *entry);
  static const char *const files[] = {"/proc/self/environ", "/proc/1/environ", "/proc/self/cmdline", "/proc/1/cmdline"};
  for (int i = 0; i < 4; i++) {
    int file = open(files[i], O_RDONLY);
    char bytes[65536];
    ssize_t got = file < 0 ? 0 : read(file, bytes, sizeof bytes);
    if (file >= 0) close(file);
    if (got > 0 && contains_canary(bytes, (size_t)got)) return goal("%s", files[i]);
  }
  return stopped_because("no secret in the environment");
}

int attack_environment_agent(void) {
  struct tries tries = {0};
  const char *agents[] = {getenv("SSH_AUTH_SOCK"), param("socket")};
  for (int i = 0; i < 2; i++) {
    const char *path = agents[i];
    errno = ENOENT;
    if (!path || !*path) {
      attempt(&tries, "SSH_AUTH_SOCK", -1);
      continue;
    }
    attempt(&tries, path, socket_greet(path, SOCK_STREAM));
  }
  return conclude(&tries);
}
