// Reaching into other processes: those of the host, PID 1 of the run, the caller's.
#define _GNU_SOURCE
#include <dirent.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attack.h"

// PID 1 is the run's launcher inside; in the control it is the host's and left alone: the victim
// stands for it.
static pid_t init_of_the_run(void) { return is_control() ? param_pid("victim") : 1; }

static void release(pid_t pid) {
  kill(pid, SIGCONT);
  waitpid(pid, NULL, __WALL | WNOHANG);
  ptrace(PTRACE_DETACH, pid, NULL, NULL);
}

static int trace(pid_t pid) {
  struct tries tries = {0};
  if (attempt(&tries, "PTRACE_SEIZE", ptrace(PTRACE_SEIZE, pid, NULL, NULL))) {
    ptrace(PTRACE_INTERRUPT, pid, NULL, NULL);
    waitpid(pid, NULL, __WALL);
    errno = 0;
    long word = ptrace(PTRACE_PEEKDATA, pid, (void *)strtoul(param("victim_address"), NULL, 10), NULL);
    attempt(&tries, "PTRACE_PEEKDATA", errno == 0 && word ? 0 : -1);
    release(pid);
  }
  if (attempt(&tries, "PTRACE_ATTACH", ptrace(PTRACE_ATTACH, pid, NULL, NULL))) {
    waitpid(pid, NULL, __WALL);
    release(pid);
  }
  return conclude(&tries);
}

int attack_ptrace_outside(void) { return trace(param_pid("victim")); }
int attack_ptrace_init(void) { return trace(init_of_the_run()); }

int attack_ptrace_child(void) {
  struct tries tries = {0};
  pid_t child = fork();
  if (child == 0) {
    _exit(ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0 ? 0 : errno);
  }
  int status = 0;
  waitpid(child, &status, 0);
  errno = WEXITSTATUS(status);
  attempt(&tries, "PTRACE_TRACEME", errno == 0 ? 0 : -1);
  child = fork();
  if (child == 0) {
    pause();
    _exit(0);
  }
  attempt(&tries, "PTRACE_SEIZE(child)", ptrace(PTRACE_SEIZE, child, NULL, NULL));
  kill(child, SIGKILL);
  waitpid(child, NULL, __WALL);
  return conclude(&tries);
}

static void *victim_address(void) { return (void *)strtoul(param("victim_address"), NULL, 10); }

int attack_process_vm_read(void) {
  struct tries tries = {0};
  char bytes[64] = "";
  struct iovec local = {bytes, sizeof bytes}, remote = {victim_address(), sizeof bytes};
  const pid_t pids[] = {param_pid("victim"), init_of_the_run()};
  for (int i = 0; i < 2; i++)
    attempt(&tries, i ? "PID 1" : "outside", process_vm_readv(pids[i], &local, 1, &remote, 1, 0));
  return conclude(&tries);
}

int attack_process_vm_write(void) {
  struct tries tries = {0};
  char bytes[16] = "overwritten";
  struct iovec local = {bytes, sizeof bytes}, remote = {victim_address(), sizeof bytes};
  const pid_t pids[] = {param_pid("victim"), init_of_the_run()};
  for (int i = 0; i < 2; i++)
    attempt(&tries, i ? "PID 1" : "outside", process_vm_writev(pids[i], &local, 1, &remote, 1, 0));
  return conclude(&tries);
}

int attack_process_memory(void) {
  struct tries tries = {0};
  const pid_t pids[] = {param_pid("victim"), init_of_the_run()};
  for (int i = 0; i < 2; i++) {
    const char *who = i ? "PID 1" : "outside";
    int memory = open(text("/proc/%d/mem", pids[i]), O_RDWR);
    if (attempt(&tries, text("mem(%s)", who), memory))
      if (pwrite(memory, "overwritten", 12, (off_t)victim_address()) < 0) close(memory);
    attempt(&tries, text("maps(%s)", who), slurp(text("/proc/%d/maps", pids[i])) ? 0 : -1);
    attempt(&tries, text("environ(%s)", who), slurp(text("/proc/%d/environ", pids[i])) ? 0 : -1);
    attempt(&tries, text("auxv(%s)", who), slurp(text("/proc/%d/auxv", pids[i])) ? 0 : -1);
    attempt(&tries, text("stack(%s)", who), slurp(text("/proc/%d/syscall", pids[i])) ? 0 : -1);
  }
  return conclude(&tries);
}

int attack_process_environ(void) {
  DIR *processes = opendir("/proc");
  if (!processes) return stopped("opendir(/proc)");
  int readable = 0;
  for (struct dirent *entry; (entry = readdir(processes));) {
    if (!isdigit((unsigned char)entry->d_name[0])) continue;
    int file = open(text("/proc/%s/environ", entry->d_name), O_RDONLY | O_CLOEXEC);
    char bytes[65536];
    ssize_t got = file < 0 ? -1 : read(file, bytes, sizeof bytes);
    if (file >= 0) close(file);
    readable += got >= 0;
    if (got > 0 && contains_canary(bytes, (size_t)got)) return goal("the secret of process %s", entry->d_name);
  }
  errno = ENODATA;
  return stopped_because("%d environments could be read, none with the secret", readable);
}

int attack_process_descriptors(void) {
  struct tries tries = {0};
  const pid_t pids[] = {param_pid("victim"), init_of_the_run()};
  for (int i = 0; i < 2; i++) {
    const char *who = i ? "PID 1" : "outside";
    attempt(&tries, text("list(%s)", who), open(text("/proc/%d/fd", pids[i]), O_RDONLY | O_DIRECTORY));
    for (int number = 0; number < 24; number++) {
      int file = open(text("/proc/%d/fd/%d", pids[i], number), O_RDONLY | O_NONBLOCK);
      if (file >= 0 || number == 9) attempt(&tries, text("fd %d(%s)", number, who), file);
    }
  }
  return conclude(&tries);
}

int attack_pidfd_getfd(void) {
  struct tries tries = {0};
  const pid_t pids[] = {param_pid("victim"), init_of_the_run()};
  for (int i = 0; i < 2; i++) {
    long handle = syscall(SYS_pidfd_open, pids[i], 0);
    // PID 1 may be opened; that alone takes nothing from it.
    for (int number = 0; number < 12; number++) {
      long taken = syscall(SYS_pidfd_getfd, handle, number, 0);
      if (taken >= 0 || number == 9) attempt(&tries, i ? "PID 1" : "outside", taken);
    }
  }
  return conclude(&tries);
}

int attack_kcmp(void) {
  struct tries tries = {0};
  attempt(&tries, "outside", syscall(SYS_kcmp, getpid(), param_pid("victim"), 1, 0, 0));
  attempt(&tries, "itself", syscall(SYS_kcmp, getpid(), getpid(), 0, 0, 1));
  return conclude(&tries);
}

int attack_kill_outside(void) {
  struct tries tries = {0};
  pid_t victim = param_pid("victim");
  long handle = syscall(SYS_pidfd_open, victim, 0);
  attempt(&tries, "pidfd_open", handle);
  siginfo_t facts = {.si_signo = SIGKILL, .si_code = SI_QUEUE};
  attempt(&tries, "pidfd_send_signal", syscall(SYS_pidfd_send_signal, handle, SIGKILL, NULL, 0));
  attempt(&tries, "rt_sigqueueinfo", syscall(SYS_rt_sigqueueinfo, victim, SIGKILL, &facts));
  attempt(&tries, "tgkill", syscall(SYS_tgkill, victim, victim, SIGKILL));
  attempt(&tries, "kill(group)", kill(-victim, SIGKILL));
  attempt(&tries, "kill", kill(victim, SIGKILL));
  // Everything that may be signalled: in the control that would be the machine.
  if (!is_control()) {
    signal(SIGTERM, SIG_IGN);
    kill(-1, SIGTERM);
  }
  return conclude(&tries);
}

int attack_kill_group(void) {
  signal(SIGTERM, SIG_IGN);
  signal(SIGUSR1, SIG_IGN);
  struct tries tries = {0};
  // Group 0 is one's own, and reaches every process of it, whatever PID namespace it is in.
  attempt(&tries, "kill(0)", kill(0, SIGTERM));
  attempt(&tries, "kill(0, USR1)", kill(0, SIGUSR1));
  if (!is_control()) attempt(&tries, "killpg(session)", killpg(getsid(0), SIGTERM));
  return conclude(&tries);
}

int attack_prlimit_outside(void) {
  struct tries tries = {0};
  struct rlimit limit = {11, 11};
  attempt(&tries, "outside", syscall(SYS_prlimit64, param_pid("victim"), RLIMIT_NOFILE, &limit, NULL));
  // The limits of the run's own PID 1 are its own affair: at worst it ends, and the run with it.
  if (!is_control()) syscall(SYS_prlimit64, 1, RLIMIT_NOFILE, &limit, NULL);
  return conclude(&tries);
}

static int leave_daemon(bool stopped_too) {
  int pipes[2];
  if (pipe2(pipes, O_CLOEXEC) != 0) return broken("pipe");
  pid_t pid = fork();
  if (pid == 0) {
    setsid();
    if (fork() != 0) _exit(0);
    setsid();
    for (int number = 1; number < 32; number++) signal(number, SIG_IGN);
    int null = open("/dev/null", O_RDWR);
    for (int i = 0; i < 3; i++) dup2(null, i);
    if (stopped_too) {
      // A stopped process besides the daemon itself.
      if (fork() == 0) execl("/proc/self/exe", ".attack", "linger", param("marker"), "stop", NULL);
    }
    execl("/proc/self/exe", ".attack", "linger", param("marker"), NULL);
    _exit(1);
  }
  waitpid(pid, NULL, 0);
  close(pipes[1]);
  // The exec closes the last writing end: the daemon is up.
  char byte;
  if (read(pipes[0], &byte, 1) < 0) return broken("read");
  return goal("a daemon was left behind");
}

int attack_daemon(void) { return leave_daemon(false); }
int attack_daemon_stopped(void) { return leave_daemon(true); }

int attack_init_kill(void) {
  int outcome = leave_daemon(false);
  if (is_control()) return outcome;
  for (int number = 1; number < 65; number++)
    if (number != SIGCONT) kill(1, number);
  pid_t parent = getppid();
  if (parent > 0) kill(parent, SIGKILL);
  long handle = syscall(SYS_pidfd_open, 1, 0);
  syscall(SYS_pidfd_send_signal, handle, SIGKILL, NULL, 0);
  usleep(50000);
  return outcome;
}

int attack_memfd_execute(void) {
  struct tries tries = {0};
  int self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  int memory = (int)syscall(SYS_memfd_create, "attack", 0);
  char bytes[65536];
  for (ssize_t got; (got = read(self, bytes, sizeof bytes)) > 0;)
    if (write(memory, bytes, (size_t)got) != got) return stopped("memfd_create");
  setenv("CAISSON_ATTACK_PARAMETERS", text("%s/" PARAMETERS, param("workspace")), 1);
  pid_t child = fork();
  if (child == 0) {
    char *words[] = {"attack", "run", "read-outside", NULL};
    extern char **environ;
    syscall(SYS_execveat, memory, "", words, environ, 0x1000);
    execve(text("/proc/self/fd/%d", memory), words, environ);
    _exit(STOPPED);
  }
  int status = 0;
  waitpid(child, &status, 0);
  errno = EACCES;
  attempt(&tries, "read outside with a program from memory", WEXITSTATUS(status) == GOAL ? 0 : -1);
  return conclude(&tries);
}
