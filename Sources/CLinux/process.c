#define _GNU_SOURCE
#include "CLinuxProcess.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define RESULT(expression) ({ __typeof__(expression) r_ = (expression); r_ < 0 ? -errno : r_; })

int cl_fork(uint64_t namespaces) {
  return RESULT((int)syscall(SYS_clone, namespaces | SIGCHLD, NULL, NULL, NULL, NULL));
}

int cl_run_beside(int (*body)(void *), void *context) {
  const size_t size = 256 << 10;
  char *stack = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (stack == MAP_FAILED) return -errno;
  int child = RESULT(clone(body, stack + size, CLONE_VM | CLONE_VFORK | SIGCHLD, context));
  munmap(stack, size);
  return child;
}

static int hold(void *context) {
  const int *pipe = context;
  char byte;
  // errno is the parent's, too.
  close(pipe[1]);
  return (int)read(pipe[0], &byte, 1);
}

int cl_hold(uint64_t namespaces, const int pipe[2]) {
  static _Alignas(16) char stack[16 << 10];
  static int copy[2];
  memcpy(copy, pipe, sizeof copy);
  return RESULT(clone(hold, stack + sizeof stack, CLONE_VM | (int)namespaces | SIGCHLD, copy));
}

int cl_unshare(uint64_t namespaces) { return RESULT(unshare((int)namespaces)); }
void cl_exit(int status) { _exit(status); }

int cl_execve(const char *path, char *const arguments[], char *const environment[]) {
  execve(path, arguments, environment);
  return -errno;
}

static void reset_signals(void) {
  struct sigaction action = {.sa_handler = SIG_DFL};
  for (int signal = 1; signal < NSIG; signal++) sigaction(signal, &action, NULL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
}

void cl_unblock_signals(void) {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
}

int cl_spawn(
  const char *path, char *const arguments[], char *const environment[], const int *descriptors,
  int count) {
  int report[2];
  if (pipe2(report, O_CLOEXEC) < 0) return -errno;
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &before);
  // The child shares this memory until it runs the program, and changes none of it but its own
  // frame: no page of the parent is copied. Its signals are blocked, its handlers its own.
  pid_t pid = vfork();
  if (pid == 0) {
    // Above every target first, so that no dup2 overwrites a descriptor that is still to be copied.
    int copies[8], error = 0;
    if (count > 8) error = EINVAL;
    for (int i = 0; i < count && !error; i++) {
      copies[i] = fcntl(descriptors[i], F_DUPFD_CLOEXEC, 100);
      if (copies[i] < 0) error = errno;
    }
    int pipe_copy = fcntl(report[1], F_DUPFD_CLOEXEC, 200);
    for (int i = 0; i < count && !error; i++)
      if (dup2(copies[i], i) < 0) error = errno;
    if (!error) {
      syscall(SYS_close_range, (unsigned)count, (unsigned)pipe_copy - 1, 0);
      syscall(SYS_close_range, (unsigned)pipe_copy + 1, ~0u, 0);
      setsid();
      reset_signals();
      execve(path, arguments, environment);
      error = errno;
    }
    while (write(pipe_copy, &error, sizeof error) < 0 && errno == EINTR) {}
    _exit(127);
  }
  int error = pid < 0 ? errno : 0;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  close(report[1]);
  if (pid > 0) {
    ssize_t n;
    int reported = 0;
    do n = read(report[0], &reported, sizeof reported);
    while (n < 0 && errno == EINTR);
    if (n == (ssize_t)sizeof reported) {
      error = reported;
      waitpid(pid, NULL, 0);
    }
  }
  close(report[0]);
  return error ? -error : pid;
}

int cl_wait(int pid, int block, struct cl_exit_status *status) {
  int raw;
  struct rusage usage;
  pid_t found;
  do found = wait4(pid, &raw, block ? 0 : WNOHANG, &usage);
  while (found < 0 && errno == EINTR);
  if (found < 0) return -errno;
  if (found == 0) return 0;
  *status = (struct cl_exit_status){
    .pid = found,
    .code = WIFEXITED(raw) ? WEXITSTATUS(raw) : -1,
    .signal = WIFSIGNALED(raw) ? WTERMSIG(raw) : 0,
    .user_microseconds = usage.ru_utime.tv_sec * 1000000 + usage.ru_utime.tv_usec,
    .system_microseconds = usage.ru_stime.tv_sec * 1000000 + usage.ru_stime.tv_usec,
    .max_resident_kibibytes = usage.ru_maxrss};
  return found;
}

int cl_children_usage(int32_t *milliseconds, int32_t *resident_kibibytes) {
  struct rusage usage;
  if (getrusage(RUSAGE_CHILDREN, &usage) < 0) return -errno;
  int64_t total = (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000
    + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000;
  *milliseconds = total > INT32_MAX ? INT32_MAX : (int32_t)total;
  *resident_kibibytes = usage.ru_maxrss > INT32_MAX ? INT32_MAX : (int32_t)usage.ru_maxrss;
  return 0;
}

int cl_adopt_orphans(void) { return RESULT(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)); }
int cl_pidfd_open(int pid) { return RESULT((int)syscall(SYS_pidfd_open, pid, 0)); }
int cl_pidfd_send_signal(int pidfd, int signal) {
  return RESULT((int)syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0));
}
int cl_kill(int pid, int signal) { return RESULT(kill(pid, signal)); }

int cl_set_effective_ids(unsigned uid, unsigned gid) {
  // The group first on the way down, the user first on the way up.
  if (uid != 0 && setresgid((gid_t)-1, gid, (gid_t)-1) < 0) return -errno;
  if (setresuid((uid_t)-1, uid, (uid_t)-1) < 0) return -errno;
  if (uid == 0 && setresgid((gid_t)-1, gid, (gid_t)-1) < 0) return -errno;
  return 0;
}

int cl_set_ids(unsigned uid, unsigned gid) {
  if (setresgid(gid, gid, gid) < 0) return -errno;
  return RESULT(setresuid(uid, uid, uid));
}

int cl_clear_groups(void) { return RESULT(setgroups(0, NULL)); }
int cl_set_hostname(const char *name) { return RESULT(sethostname(name, strlen(name))); }

int cl_set_rlimit(int resource, uint64_t soft, uint64_t hard) {
  struct rlimit limit = {soft, hard}, now;
  if (getrlimit((__rlimit_resource_t)resource, &now) < 0) return -errno;
  if (limit.rlim_max > now.rlim_max) limit.rlim_max = now.rlim_max;
  if (limit.rlim_cur > limit.rlim_max) limit.rlim_cur = limit.rlim_max;
  return RESULT(setrlimit((__rlimit_resource_t)resource, &limit));
}

int cl_set_session(void) { return RESULT(setsid()); }

int cl_signal_descriptor(const int *signals, int count) {
  sigset_t set;
  sigemptyset(&set);
  for (int i = 0; i < count; i++) sigaddset(&set, signals[i]);
  if (sigprocmask(SIG_BLOCK, &set, NULL) < 0) return -errno;
  return RESULT(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
}

int cl_next_signal(int descriptor) {
  struct signalfd_siginfo info;
  ssize_t n = read(descriptor, &info, sizeof info);
  if (n < 0) return -errno;
  return n == (ssize_t)sizeof info ? (int)info.ssi_signo : -EIO;
}

int cl_ignore_signal(int number) {
  return signal(number, SIG_IGN) == SIG_ERR ? -errno : 0;
}

int cl_timer(uint64_t first, uint64_t interval) {
  int descriptor = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
  if (descriptor < 0) return -errno;
  struct itimerspec when = {
    .it_value = {(time_t)(first / 1000000000), (long)(first % 1000000000)},
    .it_interval = {(time_t)(interval / 1000000000), (long)(interval % 1000000000)}};
  if (timerfd_settime(descriptor, 0, &when, NULL) < 0) {
    int error = errno;
    close(descriptor);
    return -error;
  }
  return descriptor;
}

int cl_loopback_up(void) {
  int socket_descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (socket_descriptor < 0) return -errno;
  struct ifreq request = {.ifr_flags = IFF_UP | IFF_RUNNING};
  strcpy(request.ifr_name, "lo");
  int result = RESULT(ioctl(socket_descriptor, SIOCSIFFLAGS, &request));
  close(socket_descriptor);
  return result;
}

int cl_coarse_time(int64_t *seconds, int64_t *nanoseconds) {
  struct timespec now;
  if (clock_gettime(CLOCK_REALTIME_COARSE, &now) < 0) return -errno;
  *seconds = now.tv_sec;
  *nanoseconds = now.tv_nsec;
  return 0;
}

uint32_t cl_random(void) {
  uint32_t value = 0;
  while (getrandom(&value, sizeof value, 0) != (ssize_t)sizeof value) {}
  return value;
}

unsigned cl_effective_uid(void) { return geteuid(); }
unsigned cl_effective_gid(void) { return getegid(); }
unsigned cl_real_uid(void) { return getuid(); }
int cl_own_pid(void) { return getpid(); }
char *const *cl_environment(void) { return environ; }

uint64_t cl_monotonic_milliseconds(void) {
  struct timespec now;
  if (clock_gettime(CLOCK_MONOTONIC, &now) < 0) return 0;
  return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}
