// System calls with a history: each is a way around other layers, or the usual first step of a
// kernel exploit. None is needed by an agent's ordinary work.
#define _GNU_SOURCE
#include <asm/ldt.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/io_uring.h>
#include <linux/keyctl.h>
#include <linux/perf_event.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <mqueue.h>
#include <unistd.h>

#include "attack.h"

static long ring(void) {
  struct io_uring_params parameters = {0};
  return syscall(SYS_io_uring_setup, 2, &parameters);
}

int attack_io_uring(void) {
  struct tries tries = {0};
  attempt(&tries, "io_uring_setup", ring());
  attempt_permission(&tries, "io_uring_enter", syscall(SYS_io_uring_enter, -1, 0, 0, 0, NULL, 0));
  attempt_permission(&tries, "io_uring_register", syscall(SYS_io_uring_register, -1, 0, NULL, 0));
  return conclude(&tries);
}

int attack_bpf(void) {
  struct tries tries = {0};
  union bpf_attr map = {.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1};
  attempt(&tries, "BPF_MAP_CREATE", syscall(SYS_bpf, BPF_MAP_CREATE, &map, sizeof map));
  struct bpf_insn code[] = {{.code = BPF_ALU64 | BPF_MOV | BPF_K}, {.code = BPF_JMP | BPF_EXIT}};
  union bpf_attr program = {.prog_type = BPF_PROG_TYPE_SOCKET_FILTER, .insn_cnt = 2,
                            .insns = (unsigned long)code, .license = (unsigned long)"GPL"};
  attempt(&tries, "BPF_PROG_LOAD", syscall(SYS_bpf, BPF_PROG_LOAD, &program, sizeof program));
  return conclude(&tries);
}

int attack_userfaultfd(void) {
  struct tries tries = {0};
  attempt(&tries, "userfaultfd", syscall(SYS_userfaultfd, O_CLOEXEC));
  attempt(&tries, "user mode only", syscall(SYS_userfaultfd, O_CLOEXEC | 1));
  attempt(&tries, "/dev/userfaultfd", open("/dev/userfaultfd", O_RDWR));
  return conclude(&tries);
}

int attack_perf_event(void) {
  struct tries tries = {0};
  struct perf_event_attr event = {.type = PERF_TYPE_SOFTWARE, .size = sizeof event,
                                  .config = PERF_COUNT_SW_DUMMY, .exclude_kernel = 1, .exclude_hv = 1};
  attempt(&tries, "of itself", syscall(SYS_perf_event_open, &event, 0, -1, -1, 0));
  attempt(&tries, "of a processor", syscall(SYS_perf_event_open, &event, -1, 0, -1, 0));
  return conclude(&tries);
}

int attack_add_key(void) {
  struct tries tries = {0};
  attempt(&tries, "add_key", syscall(SYS_add_key, "user", "attack", "x", 1, KEY_SPEC_PROCESS_KEYRING));
  attempt(&tries, "keyring", syscall(SYS_add_key, "keyring", "attack", NULL, 0, KEY_SPEC_THREAD_KEYRING));
  return conclude(&tries);
}

int attack_keyctl_read(void) {
  struct tries tries = {0};
  static const int rings[] = {KEY_SPEC_SESSION_KEYRING, KEY_SPEC_USER_KEYRING, KEY_SPEC_USER_SESSION_KEYRING};
  for (int i = 0; i < 3; i++) {
    long key = syscall(SYS_keyctl, KEYCTL_SEARCH, rings[i], "user", "caisson-attack", 0);
    char bytes[64] = "";
    if (key > 0 && syscall(SYS_keyctl, KEYCTL_READ, key, bytes, sizeof bytes) > 0 && contains_canary(bytes, 64))
      return goal("read the key of the caller's keyring");
    attempt(&tries, text("keyring %d", rings[i]), -1);
  }
  attempt(&tries, "KEYCTL_GET_KEYRING_ID", syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0));
  // A serial number needs no search; /proc lists them.
  attempt(&tries, "/proc/keys", slurp("/proc/keys") && strstr(slurp("/proc/keys"), "caisson-attack") ? 0 : (errno = ENODATA, -1));
  return conclude(&tries);
}

int attack_request_key(void) {
  struct tries tries = {0};
  attempt(&tries, "request_key", syscall(SYS_request_key, "user", "caisson-attack", NULL, 0));
  return conclude(&tries);
}

#if defined(__x86_64__)
static long int80(long number) {
  long result;
  __asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(0), "c"(0), "d"(0)
                   : "memory", "r8", "r9", "r10", "r11");
  return (int)result;
}
int attack_i386_calls(void) {
  struct tries tries = {0};
  // A filter may kill for it: in a child.
  pid_t child = fork();
  if (child == 0) _exit(int80(20) == getpid() ? 0 : 1);  // getpid is 20 there
  int status = 0;
  waitpid(child, &status, 0);
  errno = WIFSIGNALED(status) ? EPERM : ENOSYS;
  attempt(&tries, "int80 getpid", WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1);
  return conclude(&tries);
}
int attack_x32_calls(void) {
  struct tries tries = {0};
  pid_t child = fork();
  if (child == 0) _exit(syscall(0x40000000L | SYS_getpid) == getpid() ? 0 : errno == ENOSYS ? 2 : 1);
  int status = 0;
  waitpid(child, &status, 0);
  errno = WIFEXITED(status) && WEXITSTATUS(status) == 2 ? ENOSYS : EPERM;
  attempt(&tries, "x32 getpid", WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1);
  return conclude(&tries);
}
int attack_modify_ldt(void) {
  struct tries tries = {0};
  struct user_desc entry = {.entry_number = 0, .base_addr = 0, .limit = 0xfff, .seg_32bit = 1};
  attempt(&tries, "modify_ldt", syscall(SYS_modify_ldt, 1, &entry, sizeof entry));
  return conclude(&tries);
}
#else
int attack_i386_calls(void) { return impossible("no i386 calls on this machine"); }
int attack_x32_calls(void) { return impossible("no x32 calls on this machine"); }
int attack_modify_ldt(void) { return impossible("no local descriptor table on this machine"); }
#endif

int attack_personality(void) {
  struct tries tries = {0};
  attempt(&tries, "READ_IMPLIES_EXEC", syscall(SYS_personality, READ_IMPLIES_EXEC));
  attempt(&tries, "ADDR_NO_RANDOMIZE", syscall(SYS_personality, ADDR_NO_RANDOMIZE | ADDR_COMPAT_LAYOUT));
  attempt(&tries, "PER_LINUX32", syscall(SYS_personality, PER_LINUX32));
  attempt(&tries, "high bits", syscall(SYS_personality, 1L << 32 | READ_IMPLIES_EXEC));
  return conclude(&tries);
}

// A filter of one's own whose answers win over the first one's, as the newest of equal answers
// does. The kernel refuses a second listener only while the first one lives.
static int own_listener = -1;
static void *answer_all(void *unused) {
  (void)unused;
  for (;;) {
    struct seccomp_notif request = {0};
    if (ioctl(own_listener, SECCOMP_IOCTL_NOTIF_RECV, &request) != 0) return NULL;
    struct seccomp_notif_resp answer = {.id = request.id, .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE};
    if (ioctl(own_listener, SECCOMP_IOCTL_NOTIF_SEND, &answer) != 0 && errno != ENOENT) return NULL;
  }
}

int attack_seccomp_listener(void) {
  struct tries tries = {0};
  struct sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_setup, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {4, code};
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  attempt(&tries, "io_uring_setup", ring());
  own_listener = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
  if (own_listener < 0) {
    attempt(&tries, "a listener of one's own", -1);
  } else if (!is_control()) {
    // Having it is the breach in waiting: when the first listener ends, this one decides.
    attempt(&tries, "a listener of one's own", own_listener);
  }
  pthread_t thread;
  if (own_listener >= 0 && pthread_create(&thread, NULL, answer_all, NULL) == 0)
    attempt(&tries, "io_uring_setup under it", ring());
  return conclude(&tries);
}

static void ignore_signal(int number) { (void)number; }
static void *flood(void *count) {
  for (int i = 0; i < 2500; i++) {
    long result = ring();
    if (result >= 0) return count;
  }
  return NULL;
}

int attack_denial_flood(void) {
  // Signals interrupt the wait for an answer; a launcher that gives up answers wrong.
  struct sigaction action = {.sa_handler = ignore_signal, .sa_flags = SA_RESTART};
  sigaction(SIGALRM, &action, NULL);
  struct itimerval often = {{0, 200}, {0, 200}};
  setitimer(ITIMER_REAL, &often, NULL);
  pthread_t threads[4];
  int ids[4];
  bool passed = false;
  for (int i = 0; i < 4; i++)
    if (pthread_create(&threads[i], NULL, flood, &ids[i]) != 0) return broken("pthread_create");
  for (int i = 0; i < 4; i++) {
    void *result = NULL;
    pthread_join(threads[i], &result);
    passed |= result != NULL;
  }
  struct itimerval never = {0};
  setitimer(ITIMER_REAL, &never, NULL);
  errno = EPERM;
  return passed ? goal("one of many calls came through") : stopped("io_uring_setup, 10000 times");
}

int attack_fanotify(void) {
  struct tries tries = {0};
  attempt(&tries, "FAN_CLASS_CONTENT", fanotify_init(FAN_CLASS_CONTENT, O_RDONLY));
  attempt(&tries, "FAN_CLASS_NOTIF", fanotify_init(FAN_CLASS_NOTIF | FAN_REPORT_FID, O_RDONLY));
  return conclude(&tries);
}

int attack_process_madvise(void) {
  struct tries tries = {0};
  // Of a process in sight: the victim in the control, PID 1 and oneself inside.
  const pid_t pids[] = {param_pid("victim"), is_control() ? getpid() : 1};
  for (int i = 0; i < 2; i++) {
    long handle = syscall(SYS_pidfd_open, pids[i], 0);
    if (handle < 0) {
      attempt(&tries, "pidfd_open", -1);
      continue;
    }
    struct iovec range = {(void *)((unsigned long)&attack_process_madvise & ~4095UL), 4096};
    attempt_permission(&tries, i ? "PID 1" : "outside",
                       syscall(SYS_process_madvise, handle, &range, 1, MADV_COLD, 0));
  }
  return conclude(&tries);
}

int attack_sysv_memory(void) {
  struct tries tries = {0};
  int segment = (int)strtol(param("segment"), NULL, 10);
  char *memory = shmat(segment, NULL, SHM_RDONLY);
  bool read = memory != (void *)-1 && contains_canary(memory, 64);
  if (memory != (void *)-1 && !read) errno = ENODATA;
  attempt(&tries, "shmat", read ? 0 : -1);
  struct shmid_ds facts;
  // A segment of our own may have the same number; the host's has a creator that is not us.
  if (shmctl(segment, IPC_STAT, &facts) == 0 && facts.shm_cpid != getpid()) attempt(&tries, "IPC_STAT", 0);
  else attempt(&tries, "IPC_STAT", -1);
  return conclude(&tries);
}

int attack_posix_queue(void) {
  if (!*param("queue")) return impossible("no POSIX message queues on this kernel");
  mqd_t queue = mq_open(param("queue"), O_RDONLY | O_NONBLOCK);
  if (queue < 0) return stopped("mq_open");
  char bytes[64] = "";
  bool read = mq_receive(queue, bytes, sizeof bytes, NULL) > 0 && contains_canary(bytes, sizeof bytes);
  return read ? goal("read the host's message") : stopped("mq_receive");
}
