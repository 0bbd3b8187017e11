// Namespaces inside the run: a user namespace brings every capability in it, and with that most of
// the kernel's attack surface.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <grp.h>

#include "attack.h"

static long end_child(long pid) {
  if (pid == 0) _exit(0);
  if (pid > 0) waitpid((pid_t)pid, NULL, __WALL);
  return pid;
}

static long clone_with(unsigned long flags) {
  return end_child(syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0));
}

static long clone3_with(unsigned long long flags) {
  struct clone_args arguments = {.flags = flags, .exit_signal = SIGCHLD};
  return end_child(syscall(SYS_clone3, &arguments, sizeof arguments));
}

// In a child, so that one success does not change what the next try starts from.
static long unshare_with(long flags) {
  int pipes[2], answer = EIO;
  if (pipe(pipes) != 0) return -1;
  pid_t pid = fork();
  if (pid == 0) {
    int result = syscall(SYS_unshare, flags) == 0 ? 0 : errno;
    if (write(pipes[1], &result, sizeof result) < 0) _exit(1);
    _exit(0);
  }
  if (pid > 0 && read(pipes[0], &answer, sizeof answer) != sizeof answer) answer = EIO;
  if (pid > 0) waitpid(pid, NULL, 0);
  close(pipes[0]), close(pipes[1]);
  errno = answer;
  return answer == 0 ? 0 : -1;
}

static int new_namespace(unsigned long flag) {
  struct tries tries = {0};
  attempt(&tries, "unshare", unshare_with((long)flag));
  attempt(&tries, "unshare(high bits)", unshare_with((long)(flag | 1UL << 32)));
  // The low byte of clone's flags is the exit signal: there is no time namespace by clone.
  if (flag != CLONE_NEWTIME) {
    attempt(&tries, "clone", clone_with(flag));
    attempt(&tries, "clone(high bits)", clone_with(flag | 1UL << 32));
  }
  attempt(&tries, "clone3", clone3_with(flag));
  // With a user namespace besides, as one does without capabilities.
  if (flag != CLONE_NEWUSER) {
    attempt(&tries, "unshare(+user)", unshare_with((long)(flag | CLONE_NEWUSER)));
    attempt(&tries, "clone3(+user)", clone3_with(flag | CLONE_NEWUSER));
  }
  return conclude(&tries);
}

int attack_unshare_user(void) { return new_namespace(CLONE_NEWUSER); }
int attack_unshare_mount(void) { return new_namespace(CLONE_NEWNS); }
int attack_unshare_pid(void) { return new_namespace(CLONE_NEWPID); }
int attack_unshare_net(void) { return new_namespace(CLONE_NEWNET); }
int attack_unshare_ipc(void) { return new_namespace(CLONE_NEWIPC); }
int attack_unshare_uts(void) { return new_namespace(CLONE_NEWUTS); }
int attack_unshare_cgroup(void) { return new_namespace(CLONE_NEWCGROUP); }
int attack_unshare_time(void) { return new_namespace(CLONE_NEWTIME); }

int attack_clone_user(void) {
  struct tries tries = {0};
  attempt(&tries, "clone", clone_with(CLONE_NEWUSER));
  attempt(&tries, "clone(all)", clone_with(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET));
  attempt(&tries, "clone(vfork)", clone_with(CLONE_NEWUSER | CLONE_VFORK));
  attempt(&tries, "clone(high bits)", clone_with(CLONE_NEWUSER | 1UL << 40));
  return conclude(&tries);
}

int attack_clone3_user(void) {
  struct tries tries = {0};
  attempt(&tries, "clone3", clone3_with(CLONE_NEWUSER));
  attempt(&tries, "clone3(all)", clone3_with(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET));
  // Into another cgroup, which an ordinary clone cannot.
  attempt(&tries, "clone3(cgroup)", clone3_with(CLONE_NEWUSER | CLONE_NEWCGROUP));
  return conclude(&tries);
}

int attack_setns_other(void) {
  struct tries tries = {0};
  static const char *const kinds[] = {"net", "uts", "ipc", "cgroup", "pid", "mnt", "user"};
  const char *whose[] = {text("%d", param_pid("victim")), "1", "self"};
  for (int p = 0; p < 3; p++)
    for (int k = 0; k < 7; k++) {
      char *path = text("/proc/%s/ns/%s", whose[p], kinds[k]);
      int file = open(path, O_RDONLY | O_CLOEXEC);
      if (attempt(&tries, path, file < 0 ? -1 : setns(file, 0))) return conclude(&tries);
      if (file >= 0) close(file);
    }
  long pidfd = syscall(SYS_pidfd_open, param_pid("victim"), 0);
  if (pidfd >= 0) attempt(&tries, "setns(pidfd)", setns((int)pidfd, CLONE_NEWNET));
  return conclude(&tries);
}

static bool has_effective_capability(void) {
  char *status = slurp("/proc/self/status"), *line = status ? strstr(status, "CapEff:") : NULL;
  return line && strtoull(line + 7, NULL, 16) != 0;
}

int attack_uid_map(void) {
  struct tries tries = {0};
  if (is_control() && geteuid() != 0) {
    // Unsealed, an ordinary user becomes root of a namespace of its own by just this.
    unsigned uid = geteuid();
    if (unshare(CLONE_NEWUSER) != 0) return impossible("no user namespace for this user");
    attempt(&tries, "uid_map", spit("/proc/self/uid_map", text("0 %u 1\n", uid), 0));
    return conclude(&tries);
  }
  attempt(&tries, "uid_map", spit("/proc/self/uid_map", "0 0 4294967295\n", 0));
  gid_t group = 0;
  attempt(&tries, "setgroups", setgroups(1, &group));
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
  struct __user_cap_data_struct data[2] = {{~0u, ~0u, 0}, {~0u, ~0u, 0}};
  attempt(&tries, "capset", syscall(SYS_capset, &header, data));
  attempt(&tries, "ambient", prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_SYS_ADMIN, 0, 0));
  syscall(SYS_setresuid, 0, 0, 0);
  errno = EPERM;
  // Where the run shows its user as uid 0 of its own namespace, capabilities are what counts.
  attempt(&tries, "capabilities", has_effective_capability() ? 0 : -1);
  errno = EPERM;
  attempt(&tries, "securebits", prctl(PR_SET_SECUREBITS, 0, 0, 0, 0) == 0 && has_effective_capability() ? 0 : -1);
  return conclude(&tries);
}
