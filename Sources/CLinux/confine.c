#define _GNU_SOURCE
#include "CLinuxConfine.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <linux/securebits.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CALL(...) ({ long r_ = syscall(__VA_ARGS__); r_ < 0 ? -errno : (int)r_; })
#define RESULT(expression) ({ int r_ = (expression); r_ < 0 ? -errno : r_; })

int cl_set_dumpable(int on) { return RESULT(prctl(PR_SET_DUMPABLE, on, 0, 0, 0)); }
int cl_no_new_privileges(void) { return RESULT(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)); }

int cl_drop_capabilities(void) {
  for (int capability = 0; capability < 64; capability++) {
    if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) < 0) {
      if (errno == EINVAL) break;  // past the kernel's last
      return -errno;
    }
  }
  unsigned long bits = SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP
    | SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_KEEP_CAPS_LOCKED | SECBIT_NO_CAP_AMBIENT_RAISE
    | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED;
  if (prctl(PR_SET_SECUREBITS, bits, 0, 0, 0) < 0) return -errno;
  if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0) return -errno;
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct none[2];
  memset(none, 0, sizeof none);
  return CALL(SYS_capset, &header, none);
}

enum { number_create = 444, number_add = 445, number_restrict = 446 };
struct ruleset {
  uint64_t file_system, network, scopes;
};
struct path_rule {
  uint64_t access;
  int32_t descriptor;
} __attribute__((packed));

int cl_landlock_abi(void) { return CALL(number_create, NULL, 0, 1); }

int cl_landlock_ruleset(uint64_t file_system, uint64_t network, uint64_t scopes, int abi) {
  struct ruleset ruleset = {file_system, network, scopes};
  size_t size = abi >= 6 ? 24 : abi >= 4 ? 16 : 8;
  return CALL(number_create, &ruleset, size, 0);
}

int cl_landlock_allow(int ruleset, int path, uint64_t access) {
  struct path_rule rule = {access, path};
  return CALL(number_add, ruleset, 1 /* LANDLOCK_RULE_PATH_BENEATH */, &rule, 0);
}

int cl_landlock_allow_port(int ruleset, uint64_t port, uint64_t access) {
  struct {
    uint64_t access, port;
  } rule = {access, port};
  return CALL(number_add, ruleset, 2 /* LANDLOCK_RULE_NET_PORT */, &rule, 0);
}

int cl_landlock_restrict(int ruleset) { return CALL(number_restrict, ruleset, 0); }

_Static_assert(sizeof(struct cl_filter) == sizeof(struct sock_filter), "same layout");

int cl_seccomp_install(const struct cl_filter *program, unsigned short count, int notify) {
  struct sock_fprog list = {.len = count, .filter = (struct sock_filter *)program};
  unsigned flags = notify ? SECCOMP_FILTER_FLAG_NEW_LISTENER : 0;
  return CALL(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &list);
}

int cl_seccomp_receive(int listener, struct cl_notification *notification) {
  struct seccomp_notif request;
  memset(&request, 0, sizeof request);
  if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &request) < 0) return -errno;
  notification->id = request.id;
  notification->pid = request.pid;
  notification->architecture = request.data.arch;
  notification->number = request.data.nr;
  memcpy(notification->arguments, request.data.args, sizeof notification->arguments);
  return 0;
}

int cl_seccomp_answer(int listener, uint64_t id, int error, int proceed) {
  struct seccomp_notif_resp answer = {
    .id = id, .error = proceed ? 0 : -error,
    .flags = proceed ? SECCOMP_USER_NOTIF_FLAG_CONTINUE : 0};
  return RESULT(ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer));
}

int cl_seccomp_still_valid(int listener, uint64_t id) {
  return RESULT(ioctl(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &id));
}
