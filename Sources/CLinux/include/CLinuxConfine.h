// Capabilities, no_new_privs, Landlock and seccomp.
#ifndef CLINUX_CONFINE_H
#define CLINUX_CONFINE_H

#include <stddef.h>
#include <stdint.h>

int cl_set_dumpable(int on);
int cl_no_new_privileges(void);
/// Drops every capability: bounding, ambient, inheritable, permitted and effective sets, and locks
/// the bits that would give them back to uid 0.
int cl_drop_capabilities(void);

/// The Landlock ABI of the running kernel, or `-errno`.
int cl_landlock_abi(void);
int cl_landlock_ruleset(uint64_t file_system, uint64_t network, uint64_t scopes, int abi);
int cl_landlock_allow(int ruleset, int path, uint64_t access);
/// Lets TCP be used for a port; 0 stands for any that the kernel gives.
int cl_landlock_allow_port(int ruleset, uint64_t port, uint64_t access);
int cl_landlock_restrict(int ruleset);

struct cl_filter {
  uint16_t code;
  uint8_t if_true, if_false;
  uint32_t operand;
};
/// Installs a filter. Returns the notification descriptor where `notify` is not 0, else 0.
int cl_seccomp_install(const struct cl_filter *program, unsigned short count, int notify);

struct cl_notification {
  uint64_t id;
  uint32_t pid, architecture;
  int32_t number;
  uint64_t arguments[6];
};
int cl_seccomp_receive(int listener, struct cl_notification *notification);
/// Answers with `-error`, or lets the call go on where `proceed` is not 0.
int cl_seccomp_answer(int listener, uint64_t id, int error, int proceed);
/// 0 while the caller of notification `id` still waits.
int cl_seccomp_still_valid(int listener, uint64_t id);

#endif
