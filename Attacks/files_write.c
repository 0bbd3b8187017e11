// Changing what was granted for reading only, or not at all. Success is judged by the host's
// manifest as well as by what the calls return.
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "attack.h"

static const char *granted(const char *name) {
  return text("%s/granted/%s", param("directory"), name);
}
static const char *locked(const char *name) {
  return text("%s/tree/sub/locked/%s", param("directory"), name);
}

static void try_write(struct tries *tries, const char *path) {
  attempt(tries, "O_WRONLY", open(path, O_WRONLY));
  attempt(tries, "O_RDWR", open(path, O_RDWR));
  attempt(tries, "O_APPEND", open(path, O_WRONLY | O_APPEND));
  attempt(tries, "O_TRUNC", open(path, O_RDONLY | O_TRUNC));
  attempt(tries, "O_CREAT", open(path, O_RDWR | O_CREAT, 0666));
}

static void try_create(struct tries *tries, const char *directory) {
  attempt(tries, "open", open(text("%s/new", directory), O_WRONLY | O_CREAT, 0666));
  attempt(tries, "mkdir", mkdir(text("%s/newdir", directory), 0777));
  attempt(tries, "symlink", symlink("x", text("%s/newlink", directory)));
  attempt(tries, "mkfifo", mkfifo(text("%s/newpipe", directory), 0666));
  attempt(tries, "O_TMPFILE", open(directory, O_TMPFILE | O_RDWR, 0666));
}

int attack_readonly_truncate(void) {
  struct tries tries = {0};
  attempt(&tries, "truncate", truncate(granted("protected"), 0));
  attempt(&tries, "truncate(deep)", truncate(granted("sub/deep/protected"), 1));
  attempt(&tries, "truncate(link)", truncate(granted("link"), 0));
  int file = open(granted("protected"), O_RDONLY);
  attempt(&tries, "ftruncate", ftruncate(file, 0));
  attempt(&tries, "fallocate", fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4));
  attempt(&tries, "truncate(/proc/self/fd)", truncate(text("/proc/self/fd/%d", file), 0));
  return conclude(&tries);
}

int attack_readonly_open(void) {
  struct tries tries = {0};
  try_write(&tries, granted("protected"));
  try_write(&tries, granted("sub/deep/protected"));
  int file = open(granted("protected"), O_RDONLY);
  void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  attempt(&tries, "mmap", memory == MAP_FAILED ? -1 : 0);
  memory = mmap(NULL, 4096, PROT_READ, MAP_SHARED, file, 0);
  if (memory != MAP_FAILED)
    attempt(&tries, "mprotect", mprotect(memory, 4096, PROT_READ | PROT_WRITE));
  return conclude(&tries);
}

int attack_readonly_create(void) {
  struct tries tries = {0};
  try_create(&tries, granted(""));
  try_create(&tries, granted("sub/deep"));
  return conclude(&tries);
}

int attack_readonly_rename(void) {
  struct tries tries = {0};
  attempt(&tries, "within", rename(granted("protected"), granted("renamed")));
  attempt(&tries, "out", rename(granted("sub/protected"), "stolen"));
  spit("mine", "mine\n", 0666);
  attempt(&tries, "in", rename("mine", granted("planted")));
  attempt(&tries, "over", rename("mine", granted("protected")));
  attempt(&tries, "exchange", syscall(SYS_renameat2, AT_FDCWD, "mine", AT_FDCWD, granted("protected"), 2));
  attempt(&tries, "the tree", rename(granted(""), "taken"));
  return conclude(&tries);
}

int attack_readonly_unlink(void) {
  struct tries tries = {0};
  attempt(&tries, "unlink", unlink(granted("protected")));
  attempt(&tries, "unlink(link)", unlink(granted("link")));
  attempt(&tries, "unlink(deep)", unlink(granted("sub/deep/protected")));
  attempt(&tries, "rmdir", rmdir(granted("sub/deep")));
  return conclude(&tries);
}

int attack_readonly_link(void) {
  struct tries tries = {0};
  if (attempt(&tries, "link", link(granted("protected"), "linked")))
    spit("linked", "changed through a link\n", 0666);
  int file = open(granted("protected"), O_PATH);
  attempt(&tries, "linkat(/proc)", linkat(AT_FDCWD, text("/proc/self/fd/%d", file), AT_FDCWD, "linked2", AT_SYMLINK_FOLLOW));
  attempt(&tries, "link(in)", link("plain.txt", granted("planted")));
  return conclude(&tries);
}

int attack_readonly_chmod(void) {
  struct tries tries = {0};
  int file = open(granted("protected"), O_RDONLY);
  attempt(&tries, "chmod", chmod(granted("protected"), 0600));
  attempt(&tries, "fchmod", fchmod(file, 0640));
  attempt(&tries, "chmod(/proc/self/fd)", chmod(text("/proc/self/fd/%d", file), 0644));
  attempt(&tries, "chmod(directory)", chmod(granted("sub"), 0700));
  return conclude(&tries);
}

int attack_readonly_chown(void) {
  struct tries tries = {0};
  int file = open(granted("protected"), O_RDONLY);
  // To the owner that it has: allowed to an owner, and refused where nothing may be changed. The
  // change time and a lost setuid bit would be its traces, so it counts.
  struct stat facts = {0};
  fstat(file, &facts);
  attempt(&tries, "chown", chown(granted("protected"), facts.st_uid, facts.st_gid));
  attempt(&tries, "fchown", fchown(file, facts.st_uid, facts.st_gid));
  attempt(&tries, "lchown", lchown(granted("link"), facts.st_uid, facts.st_gid));
  return conclude(&tries);
}

int attack_readonly_xattr(void) {
  struct tries tries = {0};
  int file = open(granted("protected"), O_RDONLY);
  attempt(&tries, "setxattr", setxattr(granted("protected"), "user.attack", "x", 1, 0));
  attempt(&tries, "fsetxattr", fsetxattr(file, "user.attack", "x", 1, 0));
  attempt(&tries, "setxattr(overlay)", setxattr(granted("sub"), "user.overlay.opaque", "y", 1, 0));
  attempt(&tries, "setxattrat", syscall(463, AT_FDCWD, granted("protected"), 0, "user.attack",
                                        (struct { const char *value; unsigned size, flags; }[]){{"x", 1, 0}}, 16));
  return conclude(&tries);
}

int attack_readonly_times(void) {
  struct tries tries = {0};
  int file = open(granted("protected"), O_RDONLY);
  struct timespec times[2] = {{1, 0}, {1, 0}};
  struct timeval values[2] = {{2, 0}, {2, 0}};
  attempt(&tries, "utimensat", utimensat(AT_FDCWD, granted("protected"), times, 0));
  attempt(&tries, "futimens", futimens(file, times));
  attempt(&tries, "utimes", syscall(SYS_utimes, granted("protected"), values));
  attempt(&tries, "now", utimensat(AT_FDCWD, granted("protected"), NULL, 0));
  return conclude(&tries);
}

int attack_readonly_flags(void) {
  struct tries tries = {0};
  int file = open(granted("protected"), O_RDONLY), flags = 0;
  if (file < 0) return broken("open");
  if (ioctl(file, FS_IOC_GETFLAGS, &flags) != 0) return impossible("no inode flags here");
  flags ^= FS_NODUMP_FL;
  if (attempt(&tries, "FS_IOC_SETFLAGS", ioctl(file, FS_IOC_SETFLAGS, &flags))) {
    flags ^= FS_NODUMP_FL;
    ioctl(file, FS_IOC_SETFLAGS, &flags);
  }
  return conclude(&tries);
}

int attack_readonly_reopen(void) {
  struct tries tries = {0};
  int file = open(granted("protected"), O_RDONLY), path = open(granted("protected"), O_PATH);
  attempt(&tries, "/proc/self/fd", open(text("/proc/self/fd/%d", file), O_RDWR));
  attempt(&tries, "/proc/self/fd(O_PATH)", open(text("/proc/self/fd/%d", path), O_WRONLY | O_TRUNC));
  attempt(&tries, "/dev/fd", open(text("/dev/fd/%d", file), O_RDWR));
  attempt(&tries, "/proc/self/exe", open("/proc/self/root/usr/bin/env", O_RDWR));
  return conclude(&tries);
}

int attack_readonly_child(void) {
  struct tries tries = {0};
  if (access(text("%s/tree/free", param("directory")), W_OK) != 0) return broken("the parent");
  try_create(&tries, locked(""));
  try_write(&tries, locked("protected"));
  attempt(&tries, "truncate", truncate(locked("sub/protected"), 0));
  attempt(&tries, "unlink", unlink(locked("sub/deep/protected")));
  // From the writable side: a link or a rename across the border.
  char *free = text("%s/tree/free", param("directory"));
  attempt(&tries, "link(in)", link(free, locked("linked")));
  attempt(&tries, "rename(in)", rename(free, locked("moved")));
  return conclude(&tries);
}

static int rebuild(const char *what) {
  struct tries tries = {0};
  const char *tree = text("%s/tree", param("directory"));
  const char *from = text("%s/%s", tree, what), *aside = text("%s/aside", tree);
  if (attempt(&tries, "rename", rename(from, aside))) {
    make_parents(locked("x"));
    spit(locked("protected"), "rebuilt\n", 0666);
  }
  mkdir(text("%s/other", tree), 0777);
  if (attempt(&tries, "exchange", syscall(SYS_renameat2, AT_FDCWD, text("%s/other", tree), AT_FDCWD, from, 2)))
    spit(locked("protected"), "rebuilt\n", 0666);
  attempt(&tries, "rmdir", rmdir(from));
  attempt(&tries, "rename to the workspace", rename(from, "aside"));
  return conclude(&tries);
}

int attack_readonly_child_rename(void) { return rebuild("sub/locked"); }
int attack_readonly_parent_rename(void) { return rebuild("sub"); }

int attack_system_write(void) {
  struct tries tries = {0};
  static const char *const paths[] = {"/usr/bin/env", "/etc/passwd", "/etc/ld.so.cache", "/etc/hosts", "/bin/sh"};
  for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
    attempt(&tries, paths[i], open(paths[i], O_WRONLY | O_CLOEXEC));
  // Not in the control: what it makes there would stay.
  if (!is_control()) {
    attempt(&tries, "create in /usr", open("/usr/bin/attack", O_WRONLY | O_CREAT, 0755));
    attempt(&tries, "create in /etc", open("/etc/attack", O_WRONLY | O_CREAT, 0644));
    attempt(&tries, "create in /", open("/attack", O_WRONLY | O_CREAT, 0644));
  }
  return conclude(&tries);
}

int attack_tamper_state(void) {
  struct tries tries = {0};
  const char *state = param("state");
  attempt(&tries, "policy", spit(text("%s/attack/policy.yaml", state), "widened\n", 0666));
  attempt(&tries, "journal", open(text("%s/journal.sqlite", state), O_RDWR));
  attempt(&tries, "head", open(text("%s/journal.head", state), O_RDWR));
  attempt(&tries, "unlink", unlink(text("%s/attack/canary", state)));
  DIR *runs = opendir(text("%s/runs", state));
  for (struct dirent *entry; runs && (entry = readdir(runs));)
    if (entry->d_name[0] != '.')
      attempt(&tries, "run", open(text("%s/runs/%s/policy.yaml", state, entry->d_name), O_RDWR));
  return conclude(&tries);
}

static int plant_in_home(const char *const *names, size_t count) {
  struct tries tries = {0};
  const char *homes[] = {param("home"), getenv("HOME")};
  for (int h = 0; h < 2; h++)
    for (size_t i = 0; homes[h] && i < count; i++) {
      char *path = text("%s/%s", homes[h], names[i]);
      make_parents(path);
      attempt(&tries, names[i], spit(path, "planted\n", 0755));
    }
  return conclude(&tries);
}

int attack_poison_cache(void) {
  static const char *const names[] = {".cache/pip/x", ".cache/pip/new", ".npm/_cacache/x", ".cargo/registry/x"};
  return plant_in_home(names, 4);
}

int attack_poison_home(void) {
  static const char *const names[] = {".bashrc", ".config/autostart/evil.desktop", ".local/bin/ls",
                                      ".ssh/authorized_keys", ".config/systemd/user/evil.service"};
  return plant_in_home(names, 5);
}
