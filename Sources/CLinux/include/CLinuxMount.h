// The mount calls of Linux 5.2 and later. Constants are given here because the C library's headers
// and the kernel's cannot be included together.
#ifndef CLINUX_MOUNT_H
#define CLINUX_MOUNT_H

#include <stdint.h>

#define CL_OPEN_TREE_CLONE 0x1
#define CL_AT_RECURSIVE 0x8000
#define CL_AT_EMPTY_PATH 0x1000
#define CL_MOUNT_ATTR_RDONLY 0x1
#define CL_MOUNT_ATTR_NOSUID 0x2
#define CL_MOUNT_ATTR_NODEV 0x4
#define CL_MOUNT_ATTR_NOEXEC 0x8
#define CL_MOUNT_ATTR_IDMAP 0x00100000
#define CL_MS_PRIVATE 0x40000

/// open_tree(2), close-on-exec. `flags` takes CL_OPEN_TREE_CLONE and CL_AT_RECURSIVE.
int cl_open_tree(int directory, const char *path, unsigned flags);
/// move_mount(2) of the mount that `from` holds onto what `to` holds.
int cl_move_mount(int from, int to);
/// mount_setattr(2) on the mount that `mount` holds. `user_namespace` is -1 or, with
/// CL_MOUNT_ATTR_IDMAP in `set`, the namespace that gives the mapping.
int cl_mount_setattr(
  int mount, int recursive, uint64_t set, uint64_t clear, uint64_t propagation, int user_namespace);
int cl_fsopen(const char *kind);
/// fsconfig(2): sets `key` to `value`, or sets the flag `key` where `value` is NULL.
int cl_fsconfig_set(int context, const char *key, const char *value);
/// fsconfig(2): sets `key` to what `descriptor` is open on.
int cl_fsconfig_set_descriptor(int context, const char *key, int descriptor);
int cl_fsconfig_create(int context);
int cl_fsmount(int context, unsigned attributes);
int cl_pivot_root(const char *new_root, const char *put_old);
int cl_unmount(const char *path);
/// Makes every mount of this namespace private, so that nothing spreads out or in.
int cl_make_mounts_private(void);

#endif
