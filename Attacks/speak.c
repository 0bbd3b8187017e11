// How an attack says what happened: one line on standard output, and the exit status.
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "attack.h"

static const char *error_name(int number) {
  const char *name = strerrorname_np(number);
  return name ? name : "errno?";
}

int goal(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fputs("goal: ", stdout);
  vprintf(format, arguments);
  putchar('\n');
  va_end(arguments);
  return GOAL;
}

int stopped(const char *what) {
  printf("stopped: %s: %s\n", what, error_name(errno));
  return STOPPED;
}

int stopped_because(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fputs("stopped: ", stdout);
  vprintf(format, arguments);
  putchar('\n');
  va_end(arguments);
  return STOPPED;
}

int impossible(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fputs("impossible: ", stdout);
  vprintf(format, arguments);
  putchar('\n');
  va_end(arguments);
  return IMPOSSIBLE;
}

int broken(const char *what) {
  printf("broken: %s: %s\n", what, error_name(errno));
  return BROKEN;
}

static void note(struct tries *tries, const char *what, const char *answer) {
  size_t used = strlen(tries->text);
  if (used + strlen(what) + strlen(answer) + 8 > sizeof tries->text) return;
  snprintf(tries->text + used, sizeof tries->text - used, "%s%s: %s", used ? "; " : "", what, answer);
}

// Answers that mean "this kernel has no such thing" rather than "you may not".
static bool is_absence(int number) {
  return number == ENOSYS || number == EAFNOSUPPORT || number == EPROTONOSUPPORT ||
         number == ESOCKTNOSUPPORT || number == EOPNOTSUPP || number == ENODEV || number == ENXIO ||
         number == ENOENT || number == EPFNOSUPPORT;
}

bool attempt(struct tries *tries, const char *what, long result) {
  int number = errno;
  tries->count++;
  if (result >= 0) {
    if (!tries->won) {
      tries->won = true;
      tries->text[0] = 0;
      note(tries, what, "worked");
    }
    return true;
  }
  if (tries->won) return false;
  if (is_absence(number)) tries->unsupported++;
  note(tries, what, error_name(number));
  return false;
}

bool attempt_permission(struct tries *tries, const char *what, long result) {
  int number = errno;
  if (result < 0 && number != EPERM && number != EACCES && !is_absence(number)) {
    char passed[128];
    snprintf(passed, sizeof passed, "%s (past the permission check, %s)", what, error_name(number));
    return attempt(tries, passed, 0);
  }
  errno = number;
  return attempt(tries, what, result);
}

int conclude(struct tries *tries) {
  if (tries->won) return goal("%s", tries->text);
  if (tries->count == 0) return impossible("nothing to try on this machine");
  // Inside a sealed run "no such thing" is an answer of the sandbox, in the control one of the
  // kernel: there the attack has nothing to prove.
  if (is_control() && tries->unsupported == tries->count) return impossible("%s", tries->text);
  return stopped_because("%s", tries->text);
}

static int write_map(const char *path, unsigned id) {
  return spit(path, text("0 %u 1\n", id), 0);
}

int control_namespaces(int kind) {
  unsigned uid = geteuid(), gid = getegid();
  int flags = kind == 2 ? CLONE_NEWNET | CLONE_NEWNS : CLONE_NEWNS | CLONE_NEWUTS;
  if (uid != 0) flags |= CLONE_NEWUSER;
  if (unshare(flags) != 0) {
    // Without a namespace of its own the control would touch the host; it is not run then.
    return impossible("no namespace to show it in: %s", error_name(errno));
  }
  if (uid != 0) {
    spit("/proc/self/setgroups", "deny", 0);
    if (write_map("/proc/self/uid_map", uid) != 0 || write_map("/proc/self/gid_map", gid) != 0)
      return broken("uid_map");
  }
  if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) return broken("private mounts");
  return GOAL;
}
