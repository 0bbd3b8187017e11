// The administrator's calls. The controls use arguments that fail harmlessly after the permission
// check: any answer but EPERM and EACCES says that the check was passed.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/reboot.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <sys/klog.h>
#include <sys/quota.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timex.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "attack.h"

int attack_reboot(void) {
  struct tries tries = {0};
  // Wrong magic numbers: refused as invalid, after the capability was asked for.
  attempt_permission(&tries, "reboot", syscall(SYS_reboot, 0, 0, 0, NULL));
  return conclude(&tries);
}

int attack_kexec(void) {
  struct tries tries = {0};
  attempt_permission(&tries, "kexec_load", syscall(SYS_kexec_load, 0, 1UL << 20, NULL, 0));
  attempt_permission(&tries, "kexec_file_load", syscall(SYS_kexec_file_load, -1, -1, 0, NULL, 1UL << 20));
  return conclude(&tries);
}

int attack_modules(void) {
  struct tries tries = {0};
  attempt_permission(&tries, "init_module", syscall(SYS_init_module, NULL, 0, ""));
  attempt_permission(&tries, "finit_module", syscall(SYS_finit_module, -1, "", 0));
  attempt_permission(&tries, "delete_module", syscall(SYS_delete_module, NULL, 0));
  return conclude(&tries);
}

// A file that no one has: ENOENT is the answer after the permission check, and counts.
static long past(long result) {
  if (result < 0 && errno == ENOENT) return 0;
  return result;
}

int attack_swap(void) {
  struct tries tries = {0};
  attempt_permission(&tries, "swapon", past(swapon("/nonexistent/swap", 0)));
  attempt_permission(&tries, "swapoff", past(swapoff("/nonexistent/swap")));
  return conclude(&tries);
}

int attack_set_time(void) {
  struct tries tries = {0};
  // A tick that no clock may have: EINVAL, once the right to set the clock is there.
  struct timex change = {.modes = ADJ_TICK, .tick = 1};
  attempt_permission(&tries, "adjtimex", syscall(SYS_adjtimex, &change));
  attempt_permission(&tries, "clock_adjtime", syscall(SYS_clock_adjtime, CLOCK_REALTIME, &change));
  if (!is_control()) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    struct timeval value = {now.tv_sec, now.tv_nsec / 1000};
    attempt(&tries, "clock_settime", syscall(SYS_clock_settime, CLOCK_REALTIME, &now));
    attempt(&tries, "settimeofday", syscall(SYS_settimeofday, &value, NULL));
  }
  return conclude(&tries);
}

int attack_set_hostname(void) {
  struct tries tries = {0};
  if (attempt(&tries, "sethostname", sethostname("attacked", 8)) && is_control()) spit("renamed", "", 0644);
  attempt(&tries, "setdomainname", setdomainname("attacked", 8));
  return conclude(&tries);
}

int attack_accounting(void) {
  struct tries tries = {0};
  attempt_permission(&tries, "acct", past(acct("/nonexistent/accounts")));
  return conclude(&tries);
}

int attack_quotactl(void) {
  struct tries tries = {0};
  attempt_permission(&tries, "Q_SYNC", syscall(SYS_quotactl, QCMD(Q_SYNC, USRQUOTA), NULL, 0, NULL));
  attempt_permission(&tries, "quotactl_fd", syscall(443, open(".", O_RDONLY), QCMD(Q_SYNC, USRQUOTA), 0, NULL));
  return conclude(&tries);
}

int attack_io_ports(void) {
#if defined(__x86_64__)
  struct tries tries = {0};
  attempt(&tries, "iopl", syscall(SYS_iopl, 3));
  attempt(&tries, "ioperm", syscall(SYS_ioperm, 0x80, 1, 1));
  return conclude(&tries);
#else
  return impossible("no I/O ports on this machine");
#endif
}

int attack_kernel_log(void) {
  struct tries tries = {0};
  char bytes[256];
  attempt(&tries, "read all", klogctl(3, bytes, sizeof bytes));
  attempt(&tries, "size", klogctl(10, NULL, 0));
  attempt(&tries, "/dev/kmsg", open("/dev/kmsg", O_RDONLY | O_NONBLOCK));
  attempt(&tries, "/proc/kmsg", open("/proc/kmsg", O_RDONLY | O_NONBLOCK));
  return conclude(&tries);
}

int attack_hang_up(void) {
  struct tries tries = {0};
  // Without a controlling terminal there is nothing to hang up.
  if (is_control() && setsid() < 0) {
    pid_t child = fork();
    if (child == 0) {
      setsid();
      _exit(vhangup() == 0 ? 0 : errno);
    }
    int status = 0;
    waitpid(child, &status, 0);
    errno = WEXITSTATUS(status);
    attempt(&tries, "vhangup", errno ? -1 : 0);
    return conclude(&tries);
  }
  attempt(&tries, "vhangup", vhangup());
  return conclude(&tries);
}

int attack_real_time(void) {
  struct tries tries = {0};
  struct sched_param parameter = {.sched_priority = 1};
  // In a child that ends at once: a real-time control would be felt.
  pid_t child = fork();
  if (child == 0) {
    if (sched_setscheduler(0, SCHED_FIFO, &parameter) == 0) _exit(0);
    if (setpriority(PRIO_PROCESS, 0, -20) == 0) _exit(0);
    if (syscall(SYS_ioprio_set, 1, 0, 1 << 13) == 0) _exit(0);
    _exit(errno);
  }
  int status = 0;
  waitpid(child, &status, 0);
  errno = WEXITSTATUS(status);
  attempt(&tries, "SCHED_FIFO, nice -20, real-time I/O", errno ? -1 : 0);
  return conclude(&tries);
}

int attack_raise_limits(void) {
  struct tries tries = {0};
  char *status = slurp("/proc/self/status"), *line = status ? strstr(status, "CapEff:") : NULL;
  if (is_control() && line && !(strtoull(line + 7, NULL, 16) & 1ULL << 24))
    return impossible("root of this machine has no CAP_SYS_RESOURCE");
  static const struct { int which; const char *name; } limits[] = {
      {RLIMIT_NPROC, "processes"}, {RLIMIT_NOFILE, "files"}, {RLIMIT_MEMLOCK, "locked memory"},
      {RLIMIT_MSGQUEUE, "queues"}, {RLIMIT_RTPRIO, "real time"}, {RLIMIT_NICE, "nice"}};
  for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
    struct rlimit limit;
    getrlimit(limits[i].which, &limit);
    if (limit.rlim_max == RLIM_INFINITY) continue;
    limit.rlim_max += 1;
    attempt(&tries, limits[i].name, setrlimit(limits[i].which, &limit));
  }
  char *before = slurp("/proc/self/oom_score_adj");
  long value = before ? strtol(before, NULL, 10) : 0;
  attempt(&tries, "oom_score_adj", spit("/proc/self/oom_score_adj", text("%ld", value > -1000 ? -1000L : value), 0));
  return conclude(&tries);
}
