// Was harm done? Seen from the host after the run, whatever the attack says of itself.
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "attack.h"

static int harm(const char *what) { return printf("harm: %s\n", what), GOAL; }
static int unharmed(const char *what) { return printf("no harm: %s\n", what), STOPPED; }

// The first line of `now` that `before` does not have, or the other way round; NULL if none.
static char *difference(const char *before, const char *now) {
  const char *texts[2] = {now, before};
  for (int side = 0; side < 2; side++)
    for (const char *line = texts[side]; *line;) {
      size_t length = strcspn(line, "\n");
      char *whole = text("\n%.*s\n", (int)length, line);
      if (!strstr(text("\n%s", texts[!side]), whole))
        return text("%s %.*s", side ? "gone:" : "new:", (int)length, line);
      line += length + (line[length] == '\n');
    }
  return NULL;
}

int verify_untouched(const char *directory) {
  FILE *roots = fopen(text("%s/facts/roots", directory), "re");
  if (!roots) return broken("facts/roots");
  char name[64], path[4096];
  while (fscanf(roots, "%63s %4095[^\n]\n", name, path) == 2) {
    char *before = slurp(text("%s/facts/manifest.%s", directory, name)), *now = manifest(path);
    if (!before || !now) return broken(path);
    // A caller's listening socket is no file of the tree that an attack could have changed.
    char *change = difference(before, now);
    if (change) return harm(text("%s: %s", path, change));
  }
  fclose(roots);
  return unharmed("all kept trees are as they were");
}

// The suite says so after it applied the changes of a sealed run.
static bool was_applied(const char *directory) {
  return access(text("%s/facts/applied", directory), F_OK) == 0;
}

// An ordinary change goes with every attack on apply: an apply that takes nothing proves nothing.
static bool ordinary_is_missing(const char *directory) {
  return was_applied(directory) &&
         access(text("%s/workspace/ordinary.txt", directory), F_OK) != 0;
}

// No file of the workspace changed or came, except the ordinary ones.
int verify_startup(const char *directory) {
  char *before = slurp(text("%s/facts/manifest.workspace", directory));
  char *now = manifest(text("%s/workspace", directory));
  if (!before || !now) return broken("manifest of the workspace");
  if (ordinary_is_missing(directory)) return errno = ENOENT, broken("apply took no ordinary file");
  for (char *line = now; *line;) {
    size_t length = strcspn(line, "\n");
    char *whole = text("%.*s", (int)length, line);
    bool directory_line = strstr(whole, "\t04") != NULL;
    bool ordinary = strncmp(whole, "ordinary", 8) == 0 || strstr(whole, "/ordinary") != NULL;
    if (!directory_line && !ordinary && !strstr(text("\n%s", before), text("\n%s\n", whole)))
      return harm(text("new or changed in the workspace: %s", whole));
    line += length + (line[length] == '\n');
  }
  return unharmed("nothing but ordinary files changed");
}

// A bare repository counts from the moment that git takes the directory for one.
int verify_bare(const char *directory) {
  if (ordinary_is_missing(directory)) return errno = ENOENT, broken("apply took no ordinary file");
  bool head = access(text("%s/workspace/data/HEAD", directory), F_OK) == 0;
  bool config = access(text("%s/workspace/data/config", directory), F_OK) == 0;
  bool hook = access(text("%s/workspace/data/hooks/post-checkout", directory), F_OK) == 0;
  if (head && (config || hook)) return harm("git takes workspace/data for a repository");
  return hook ? harm("a hook came through") : unharmed("no repository came through");
}

static const char *find_privileged(const char *path) {
  struct stat facts;
  if (lstat(path, &facts) != 0) return NULL;
  bool directory = S_ISDIR(facts.st_mode);
  if (S_ISCHR(facts.st_mode) || S_ISBLK(facts.st_mode)) return text("%s is a device", path);
  if (facts.st_mode & 06000) return text("%s has mode %o", path, facts.st_mode & 07777);
  char value[64];
  if (!S_ISLNK(facts.st_mode) && lgetxattr(path, "security.capability", value, sizeof value) > 0)
    return text("%s has file capabilities", path);
  if (!directory) return NULL;
  DIR *entries = opendir(path);
  for (struct dirent *entry; entries && (entry = readdir(entries));) {
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    const char *found = find_privileged(text("%s/%s", path, entry->d_name));
    if (found) return found;
  }
  if (entries) closedir(entries);
  return NULL;
}

int verify_privileged_files(const char *directory) {
  const char *found = find_privileged(text("%s/workspace", directory));
  return found ? harm(found) : unharmed("no file of the workspace carries privilege");
}

// A setuid file whose content came from the run must have lost the bit.
int verify_retained(const char *directory) {
  const char *tool = text("%s/workspace/tool", directory);
  struct stat facts;
  if (lstat(tool, &facts) != 0) return unharmed("the file is gone");
  bool changed = !strstr(slurp(tool), "#!/bin/sh\n") || facts.st_size != 10;
  return changed && (facts.st_mode & 06000) ? harm(text("changed, and of mode %o", facts.st_mode))
                                            : unharmed("not changed, or no longer setuid");
}

int verify_victim(const char *directory) {
  int pid = -1;
  long long start = -1;
  char *line = slurp(text("%s/facts/victim", directory));
  if (!line || sscanf(line, "%d %lld", &pid, &start) != 2) return broken("facts/victim");
  usleep(60000);
  if (process_start(pid) != start) return harm("the process outside is dead");
  if (access(text("%s/facts/tampered", directory), F_OK) == 0) return harm("its memory was changed");
  char *status = slurp(text("/proc/%d/status", pid));
  if (!status || strstr(status, "State:\tT") || strstr(status, "State:\tt") ||
      strstr(status, "State:\tZ"))
    return harm("the process outside is stopped or dead");
  char *limits = slurp(text("/proc/%d/limits", pid));
  if (limits && strstr(limits, "Max open files            11 ")) return harm("its limits were lowered");
  return unharmed("the process outside lives on unchanged");
}

int verify_received(const char *directory) {
  char *what = NULL;
  // The helper writes after it accepts, which may be a moment after the attack ended.
  for (int i = 0; i < 5 && !what; i++) {
    what = slurp(text("%s/facts/received", directory));
    if (!what) usleep(20000);
  }
  return what ? harm(text("the host received: %.40s", what)) : unharmed("the host received nothing");
}

pid_t process_with_argument(const char *marker) {
  DIR *processes = opendir("/proc");
  pid_t found = 0;
  for (struct dirent *entry; processes && !found && (entry = readdir(processes));) {
    if (!isdigit((unsigned char)entry->d_name[0])) continue;
    int file = open(text("/proc/%s/cmdline", entry->d_name), O_RDONLY | O_CLOEXEC);
    char bytes[4096];
    ssize_t got = file < 0 ? 0 : read(file, bytes, sizeof bytes);
    if (file >= 0) close(file);
    // A daemon of the attack is `.attack linger MARKER`.
    if (got > 0 && memmem(bytes, (size_t)got, "linger", 6) &&
        memmem(bytes, (size_t)got, marker, strlen(marker)))
      found = (pid_t)strtol(entry->d_name, NULL, 10);
  }
  if (processes) closedir(processes);
  return found;
}

int verify_daemon(const char *directory) {
  char *marker = slurp(text("%s/facts/marker", directory));
  if (!marker) return broken("facts/marker");
  // 50 ms is what a run is given to be gone.
  for (int i = 0; i < 5; i++) {
    if (process_with_argument(marker) == 0) return unharmed("no process of the run is left");
    usleep(10000);
  }
  return harm(text("process %d of the run is still alive", process_with_argument(marker)));
}

int verify_stage(const char *directory) {
  char *what = slurp(text("%s/facts/stage", directory));
  if (!what) return broken("facts/stage");
  return strcmp(what, "harm") == 0 ? harm("the caller saw it") : unharmed("the caller saw nothing");
}

int verify_hostname(const char *directory) {
  char *before = slurp(text("%s/facts/hostname", directory)), now[256] = "";
  gethostname(now, sizeof now - 1);
  // The control changes the name of a namespace of its own and keeps a note of that.
  if (access(text("%s/workspace/renamed", directory), F_OK) == 0 && !was_applied(directory))
    return harm("the name was changed (in the control's own namespace)");
  return before && strcmp(before, now) == 0 ? unharmed("the host keeps its name")
                                            : harm("the host has another name");
}

// The reader of `diff` and `apply` sees names that the attack chose.
int verify_escapes(const char *directory) {
  if (!was_applied(directory)) {
    DIR *entries = opendir(text("%s/workspace", directory));
    for (struct dirent *entry; entries && (entry = readdir(entries));)
      if (strchr(entry->d_name, '\033')) return harm("a listing of names drives the terminal");
    return unharmed("no such name");
  }
  static const char *const outputs[] = {"diff.out", "apply.out"};
  for (int i = 0; i < 2; i++) {
    char *output = slurp(text("%s/facts/%s", directory, outputs[i]));
    if (output && (strchr(output, '\033') || strchr(output, '\a') || strchr(output, '\r')))
      return harm(text("raw control characters in %s", outputs[i]));
  }
  return unharmed("names are shown escaped");
}

int verify_overlay_names(const char *directory) {
  if (ordinary_is_missing(directory)) return errno = ENOENT, broken("apply took no ordinary file");
  static const char *const paths[] = {"", "/redirected", "/marked.txt"};
  for (int i = 0; i < 3; i++) {
    char names[4096];
    ssize_t size = llistxattr(text("%s/workspace%s", directory, paths[i]), names, sizeof names);
    for (char *name = names; size > 0 && name < names + size; name += strlen(name) + 1)
      if (strstr(name, "overlay.")) return harm(text("workspace%s has %s", paths[i], name));
  }
  return unharmed("no overlay attribute reached the workspace");
}

int verify_access_lists(const char *directory) {
  if (ordinary_is_missing(directory)) return errno = ENOENT, broken("apply took no ordinary file");
  static const char *const paths[] = {"ordinary.txt", "ordinary-folder", "plain.txt"};
  static const char *const names[] = {"system.posix_acl_access", "system.posix_acl_default"};
  for (int p = 0; p < 3; p++)
    for (int n = 0; n < 2; n++) {
      char value[256];
      if (lgetxattr(text("%s/workspace/%s", directory, paths[p]), names[n], value, sizeof value) > 0)
        return harm(text("workspace/%s has %s", paths[p], names[n]));
    }
  return unharmed("no access control list came through");
}

// What the caller's log held before must still begin it.
int verify_log(const char *directory) {
  char *log = slurp(text("%s/outside/log", directory));
  if (!log) return harm("the log is gone");
  return strncmp(log, "earlier\n", 8) == 0 ? unharmed("the log begins as it did")
                                           : harm("the log was rewritten");
}

int verify_applied(const char *directory) {
  // The suite's own time limit ends an apply that hangs; what counts here is that it came through.
  if (!was_applied(directory)) return harm("whoever opens the pipe hangs");
  return ordinary_is_missing(directory) ? harm("apply did not come through")
                                        : unharmed("apply came through");
}
