#define _GNU_SOURCE
#include "CLinuxMount.h"

#include <errno.h>
#include <stddef.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CALL(...) ({ long r_ = syscall(__VA_ARGS__); r_ < 0 ? -errno : (int)r_; })

// Numbers of the mount calls are the same on every architecture since Linux 5.2.
enum {
  number_open_tree = 428,
  number_move_mount = 429,
  number_fsopen = 430,
  number_fsconfig = 431,
  number_fsmount = 432,
  number_mount_setattr = 442
};
enum { set_flag = 0, set_string = 1, set_descriptor = 5, command_create = 6 };

int cl_open_tree(int directory, const char *path, unsigned flags) {
  return CALL(number_open_tree, directory, path, flags | 02000000 /* O_CLOEXEC */);
}

int cl_move_mount(int from, int to) {
  // MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH
  return CALL(number_move_mount, from, "", to, "", 0x4 | 0x40);
}

int cl_mount_setattr(
  int mount, int recursive, uint64_t set, uint64_t clear, uint64_t propagation, int user_namespace) {
  struct {
    uint64_t set, clear, propagation, user_namespace;
  } attributes = {set, clear, propagation, user_namespace < 0 ? 0 : (uint64_t)user_namespace};
  unsigned flags = CL_AT_EMPTY_PATH | (recursive ? CL_AT_RECURSIVE : 0);
  return CALL(number_mount_setattr, mount, "", flags, &attributes, sizeof attributes);
}

int cl_fsopen(const char *kind) { return CALL(number_fsopen, kind, 1 /* FSOPEN_CLOEXEC */); }

int cl_fsconfig_set(int context, const char *key, const char *value) {
  return CALL(number_fsconfig, context, value ? set_string : set_flag, key, value, 0);
}

int cl_fsconfig_set_descriptor(int context, const char *key, int descriptor) {
  return CALL(number_fsconfig, context, set_descriptor, key, NULL, descriptor);
}

int cl_fsconfig_create(int context) {
  return CALL(number_fsconfig, context, command_create, NULL, NULL, 0);
}

int cl_fsmount(int context, unsigned attributes) {
  return CALL(number_fsmount, context, 1 /* FSMOUNT_CLOEXEC */, attributes);
}

int cl_pivot_root(const char *new_root, const char *put_old) {
  return CALL(SYS_pivot_root, new_root, put_old);
}

int cl_unmount(const char *path) { return umount2(path, MNT_DETACH) < 0 ? -errno : 0; }

int cl_make_mounts_private(void) {
  return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ? -errno : 0;
}
