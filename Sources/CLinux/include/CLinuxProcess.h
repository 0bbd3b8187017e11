// Processes, identities and namespaces.
#ifndef CLINUX_PROCESS_H
#define CLINUX_PROCESS_H

#include <stddef.h>
#include <stdint.h>

#define CL_CLONE_NEWTIME 0x00000080
#define CL_CLONE_NEWNS 0x00020000
#define CL_CLONE_NEWCGROUP 0x02000000
#define CL_CLONE_NEWUTS 0x04000000
#define CL_CLONE_NEWIPC 0x08000000
#define CL_CLONE_NEWUSER 0x10000000
#define CL_CLONE_NEWPID 0x20000000
#define CL_CLONE_NEWNET 0x40000000

/// Like fork(2), with CLONE_NEW* flags. Only for a process of one thread.
int cl_fork(uint64_t namespaces);
/// Runs `body` in a child that shares this process's memory; this process sleeps until the child has
/// executed a program or has ended, with the status that `body` returns.
int cl_run_beside(int (*body)(void *), void *context);
/// A child that shares this process's memory and does nothing but keep new namespaces until the other
/// end of the pipe is closed.
int cl_hold(uint64_t namespaces, const int pipe[2]);
int cl_unshare(uint64_t namespaces);
void cl_exit(int status) __attribute__((noreturn));
int cl_execve(const char *path, char *const arguments[], char *const environment[]);
/// Starts `path` with descriptors 0 to `count - 1` set to `descriptors` and every other closed, a
/// fresh session, and default signals.
int cl_spawn(
  const char *path, char *const arguments[], char *const environment[], const int *descriptors,
  int count);

struct cl_exit_status {
  int32_t pid, code, signal;
  int64_t user_microseconds, system_microseconds, max_resident_kibibytes;
};
/// wait4(2) for `pid` (-1: any child). 0 where `block` is 0 and none has ended; else the pid.
int cl_wait(int pid, int block, struct cl_exit_status *status);
/// CPU milliseconds and the largest resident size of all children that have been waited for.
int cl_children_usage(int32_t *milliseconds, int32_t *resident_kibibytes);
int cl_pidfd_open(int pid);
// Orphans below this process become its children, not those of the machine's init.
int cl_adopt_orphans(void);
int cl_pidfd_send_signal(int pidfd, int signal);
int cl_kill(int pid, int signal);

int cl_set_effective_ids(unsigned uid, unsigned gid);
int cl_set_ids(unsigned uid, unsigned gid);
int cl_clear_groups(void);
int cl_set_hostname(const char *name);
int cl_set_rlimit(int resource, uint64_t soft, uint64_t hard);
int cl_set_session(void);
/// Blocks every signal and returns a signalfd for those in `signals`.
int cl_signal_descriptor(const int *signals, int count);
/// The next signal of a signalfd, or `-errno`.
int cl_next_signal(int descriptor);
int cl_ignore_signal(int signal);
void cl_unblock_signals(void);
/// A timerfd that fires after `first` and then each `interval` nanoseconds (0: once).
int cl_timer(uint64_t first, uint64_t interval);
/// Brings the loopback device of this network namespace up.
int cl_loopback_up(void);
/// Seconds and nanoseconds of CLOCK_REALTIME_COARSE: the clock that stamps files.
int cl_coarse_time(int64_t *seconds, int64_t *nanoseconds);
uint32_t cl_random(void);
unsigned cl_effective_uid(void);
unsigned cl_effective_gid(void);
unsigned cl_real_uid(void);
int cl_own_pid(void);
/// This process's environment, as execve(2) takes it.
char *const *cl_environment(void);
/// CLOCK_MONOTONIC.
uint64_t cl_monotonic_milliseconds(void);

#endif
