// Reading what was not granted. Each attack holds the path of a canary and wins by reading it.
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "attack.h"

static bool try_read(struct tries *tries, int directory, const char *path) {
  return attempt(tries, path, file_has_canary(directory, path) ? 0 : -1);
}

int attack_read_outside(void) {
  struct tries tries = {0};
  try_read(&tries, AT_FDCWD, param("canary"));
  attempt(&tries, "list", open(param("outside"), O_RDONLY | O_DIRECTORY));
  attempt(&tries, "stat", access(param("canary"), F_OK));
  return conclude(&tries);
}

int attack_read_dotdot(void) {
  struct tries tries = {0};
  try_read(&tries, AT_FDCWD, "../outside/canary");
  try_read(&tries, AT_FDCWD, "./../workspace/../outside/canary");
  char *up = text("%s", "");
  for (int i = 0; i < 40; i++) up = text("../%s", up);
  try_read(&tries, AT_FDCWD, text("%s%s", up, param("canary") + 1));
  int here = open(".", O_PATH | O_DIRECTORY), parent = openat(here, "..", O_PATH | O_DIRECTORY);
  if (parent >= 0) try_read(&tries, parent, "outside/canary");
  return conclude(&tries);
}

int attack_read_proc_self_root(void) {
  struct tries tries = {0};
  static const char *const roots[] = {"/proc/self/root",     "/proc/thread-self/root",
                                      "/proc/self/task/%d/root", "/proc/1/root",
                                      "/proc/1/cwd/../../../../../../../.."};
  for (size_t i = 0; i < sizeof roots / sizeof *roots; i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    char *root = text(roots[i], getpid());
#pragma GCC diagnostic pop
    try_read(&tries, AT_FDCWD, text("%s%s", root, param("canary")));
  }
  try_read(&tries, AT_FDCWD, text("/proc/self/cwd/../outside/canary"));
  try_read(&tries, AT_FDCWD, text("/dev/fd/../root%s", param("canary")));
  return conclude(&tries);
}

int attack_read_proc_processes(void) {
  DIR *processes = opendir("/proc");
  if (!processes) return stopped("opendir(/proc)");
  int seen = 0;
  bool victim = false;
  for (struct dirent *entry; (entry = readdir(processes));) {
    if (!isdigit((unsigned char)entry->d_name[0])) continue;
    seen++;
    pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
    if (pid == param_pid("victim")) victim = true;
    // Our own root is another attack's.
    if (pid == getpid()) continue;
    const char *ways[] = {text("/proc/%d/root%s", pid, param("canary")),
                          text("/proc/%d/cwd/../outside/canary", pid),
                          text("/proc/%d/fd/9", pid)};
    for (int i = 0; i < 3; i++)
      if (file_has_canary(AT_FDCWD, ways[i])) return goal("read %s", ways[i]);
  }
  if (victim) return goal("a process outside is listed in /proc");
  errno = ENOENT;
  return stopped_because("%d processes in /proc, none leads outside", seen);
}

int attack_read_symlink(void) {
  struct tries tries = {0};
  try_read(&tries, AT_FDCWD, "to-canary");
  try_read(&tries, AT_FDCWD, "out/canary");
  try_read(&tries, AT_FDCWD, "out-relative/canary");
  unlink("own");
  if (symlink(param("canary"), "own") == 0) try_read(&tries, AT_FDCWD, "own");
  int link = open("to-canary", O_PATH | O_NOFOLLOW);
  if (link >= 0) try_read(&tries, AT_FDCWD, text("/proc/self/fd/%d/", link));
  return conclude(&tries);
}

static volatile bool race_ended = false;
static void *race_swap(void *unused) {
  (void)unused;
  while (!race_ended) {
    unlink("race.new");
    if (symlink(param("canary"), "race.new") == 0) rename("race.new", "race");
    spit("race.new", "harmless\n", 0644);
    rename("race.new", "race");
  }
  return NULL;
}

int attack_read_symlink_race(void) {
  spit("race", "harmless\n", 0644);
  pthread_t swapper;
  if (pthread_create(&swapper, NULL, race_swap, NULL) != 0) return broken("pthread_create");
  bool read = false;
  for (int i = 0; i < 4000 && !read; i++) {
    struct stat facts;
    // Checked as a file, opened as whatever it is by then.
    if (lstat("race", &facts) == 0 && S_ISREG(facts.st_mode)) read = file_has_canary(AT_FDCWD, "race");
  }
  // A slow machine may never lose the race; what the link leads to settles it.
  race_ended = true;
  pthread_join(swapper, NULL);
  unlink("race.new");
  if (!read && symlink(param("canary"), "race.new") == 0) read = file_has_canary(AT_FDCWD, "race.new");
  return read ? goal("read the canary through the swapped link") : stopped("open(race)");
}

int attack_read_handle(void) {
  const char *hex = param("handle");
  if (!*hex) return impossible("this file system gives no handles");
  union {
    struct file_handle head;
    char room[sizeof(struct file_handle) + 128];
  } handle = {0};
  handle.head.handle_bytes = (unsigned)strlen(hex) / 2;
  handle.head.handle_type = (int)strtol(param("handle_type"), NULL, 10);
  for (unsigned i = 0; i < handle.head.handle_bytes; i++)
    handle.head.f_handle[i] = (unsigned char)strtol(text("%.2s", hex + 2 * i), NULL, 16);
  struct tries tries = {0};
  static const char *const mounts[] = {".", "/", "/usr", "/etc", "/tmp", "/proc/self/exe"};
  for (size_t i = 0; i < sizeof mounts / sizeof *mounts; i++) {
    int mount = open(mounts[i], O_RDONLY);
    if (mount < 0) continue;
    int file = open_by_handle_at(mount, &handle.head, O_RDONLY);
    if (attempt(&tries, text("open_by_handle_at(%s)", mounts[i]), file)) {
      char bytes[64];
      ssize_t got = read(file, bytes, sizeof bytes);
      if (got <= 0 || !contains_canary(bytes, (size_t)got)) return broken("another file's handle");
    }
  }
  return conclude(&tries);
}

int attack_read_home_secrets(void) {
  static const char *const names[] = {".ssh/id_ed25519", ".bash_history", ".aws/credentials",
                                      ".netrc", ".git-credentials", ".config/gh/hosts.yml",
                                      ".docker/config.json", ".kube/config"};
  const char *homes[] = {param("home"), getenv("HOME"), "/root"};
  struct tries tries = {0};
  for (int h = 0; h < 3; h++)
    for (size_t i = 0; homes[h] && i < sizeof names / sizeof *names; i++)
      try_read(&tries, AT_FDCWD, text("%s/%s", homes[h], names[i]));
  return conclude(&tries);
}

int attack_read_shadow(void) {
  struct tries tries = {0};
  attempt(&tries, "/etc/shadow", open("/etc/shadow", O_RDONLY));
  attempt(&tries, "/etc/gshadow", open("/etc/gshadow", O_RDONLY));
  attempt(&tries, "/etc/sudoers", open("/etc/sudoers", O_RDONLY));
  return conclude(&tries);
}

int attack_read_caisson_state(void) {
  struct tries tries = {0};
  const char *state = param("state");
  try_read(&tries, AT_FDCWD, text("%s/attack/canary", state));
  static const char *const names[] = {"", "/runs", "/journal.sqlite", "/journal.head"};
  for (int i = 0; i < 4; i++)
    attempt(&tries, names[i], open(text("%s%s", state, names[i]), O_RDONLY));
  return conclude(&tries);
}

int attack_read_host_tmp(void) {
  struct tries tries = {0};
  try_read(&tries, AT_FDCWD, param("hosttmp"));
  return conclude(&tries);
}

int attack_read_host_shm(void) {
  struct tries tries = {0};
  try_read(&tries, AT_FDCWD, param("shmfile"));
  return conclude(&tries);
}

int attack_read_working_directory(void) {
  struct tries tries = {0};
  try_read(&tries, AT_FDCWD, "canary");
  try_read(&tries, AT_FDCWD, "/proc/self/cwd/canary");
  return conclude(&tries);
}

static void try_denied(struct tries *tries) {
  try_read(tries, AT_FDCWD, ".env");
  try_read(tries, AT_FDCWD, "secrets/inner/key");
  try_read(tries, AT_FDCWD, text("%s/.env", param("workspace")));
  int directory = open("secrets/inner", O_PATH | O_DIRECTORY);
  if (directory >= 0) try_read(tries, directory, "key");
  int path = open(".env", O_PATH);
  if (path >= 0) try_read(tries, AT_FDCWD, text("/proc/self/fd/%d", path));
}

int attack_read_denied(void) {
  struct tries tries = {0};
  try_denied(&tries);
  // A file system that hands out the lower file as a mapping or by a different open mode.
  int file = open(".env", O_RDWR);
  if (file >= 0) {
    char *bytes = mmap(NULL, 4096, PROT_READ, MAP_SHARED, file, 0);
    errno = ENODATA;
    attempt(&tries, "mmap", bytes != MAP_FAILED && contains_canary(bytes, 64) ? 0 : -1);
  }
  return conclude(&tries);
}
int attack_read_denied_direct(void) { return attack_read_denied(); }

int attack_read_denied_link(void) {
  struct tries tries = {0};
  if (link(".env", "linked") == 0)
    try_read(&tries, AT_FDCWD, "linked");
  else
    attempt(&tries, "link", -1);
  int path = open(".env", O_PATH);
  if (path >= 0 && linkat(AT_FDCWD, text("/proc/self/fd/%d", path), AT_FDCWD, "linked2", AT_SYMLINK_FOLLOW) == 0)
    try_read(&tries, AT_FDCWD, "linked2");
  if (link("secrets/inner/key", "linked3") == 0) try_read(&tries, AT_FDCWD, "linked3");
  return conclude(&tries);
}
int attack_read_denied_link_direct(void) { return attack_read_denied_link(); }

int attack_read_denied_rename(void) {
  struct tries tries = {0};
  if (rename(".env", "moved") == 0) try_read(&tries, AT_FDCWD, "moved");
  else attempt(&tries, "rename(.env)", -1);
  if (rename("secrets/inner/key", "secrets/inner/key2") == 0)
    try_read(&tries, AT_FDCWD, "secrets/inner/key2");
  if (rename("secrets/inner", "secrets/other") == 0) try_read(&tries, AT_FDCWD, "secrets/other/key");
  else attempt(&tries, "rename(inner)", -1);
  if (rename("secrets", "opened") == 0) {
    try_read(&tries, AT_FDCWD, "opened/inner/key");
    try_read(&tries, AT_FDCWD, "opened/other/key");
    try_read(&tries, AT_FDCWD, "opened/other/key2");
  } else {
    attempt(&tries, "rename(secrets)", -1);
  }
  mkdir("fresh", 0755);
  if (syscall(SYS_renameat2, AT_FDCWD, "secrets", AT_FDCWD, "fresh", RENAME_EXCHANGE) == 0)
    try_read(&tries, AT_FDCWD, "fresh/inner/key");
  else
    attempt(&tries, "exchange", -1);
  // Removing the cover itself must not lay open what is under it.
  if (unlink(".env") == 0) try_read(&tries, AT_FDCWD, ".env");
  return conclude(&tries);
}
int attack_read_denied_rename_direct(void) { return attack_read_denied_rename(); }
