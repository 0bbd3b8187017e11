#define _GNU_SOURCE
#include "CLinuxWorkspace.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#define RESULT(call)          \
  do {                        \
    __typeof__(call) r;       \
    do {                      \
      r = (call);             \
    } while (r < 0 && errno == EINTR); \
    return r < 0 ? -errno : r; \
  } while (0)

static int flags_of(int flags) {
  int result = O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
  if (flags & CL_FS_PATH) return O_CLOEXEC | O_PATH | (flags & CL_FS_DIRECTORY ? O_DIRECTORY : 0);
  if (flags & CL_FS_WRITE)
    result |= flags & CL_FS_READ ? O_RDWR : O_WRONLY;
  if (flags & CL_FS_CREATE) result |= O_CREAT | (flags & CL_FS_ANY ? 0 : O_EXCL);
  if (flags & CL_FS_TRUNCATE) result |= O_TRUNC;
  if (flags & CL_FS_DIRECTORY) result |= O_DIRECTORY;
  return result;
}

int cl_fs_open_beneath(int directory, const char *path, int flags, unsigned mode) {
  struct open_how how = {0};
  how.flags = (uint64_t)(flags_of(flags) | O_NOFOLLOW);
  how.mode = flags & CL_FS_CREATE ? mode : 0;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  if (flags & CL_FS_SAME_MOUNT) how.resolve |= RESOLVE_NO_XDEV;
  long file;
  // EAGAIN: a rename elsewhere raced with the walk; the kernel asks for another try.
  for (int attempt = 0; attempt < 64; attempt++) {
    file = syscall(SYS_openat2, directory, path, &how, sizeof how);
    if (file >= 0 || (errno != EINTR && errno != EAGAIN)) break;
  }
  return file < 0 ? -errno : (int)file;
}

int cl_fs_open(const char *path, int flags, unsigned mode) {
  RESULT(open(path, flags_of(flags), mode));
}

int cl_fs_close(int file) { return close(file) < 0 ? -errno : 0; }

int cl_fs_status_at(int directory, const char *name, struct cl_fs_status *status) {
  struct statx x;
  memset(&x, 0, sizeof x);
  if (statx(directory, name, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_NO_AUTOMOUNT,
            STATX_BASIC_STATS | STATX_MNT_ID, &x) < 0)
    return -errno;
  status->inode = x.stx_ino;
  status->device = makedev(x.stx_dev_major, x.stx_dev_minor);
  status->mount = x.stx_mnt_id;
  status->size = x.stx_size;
  status->blocks = x.stx_blocks;
  status->modified_seconds = x.stx_mtime.tv_sec;
  status->changed_seconds = x.stx_ctime.tv_sec;
  status->modified_nanoseconds = x.stx_mtime.tv_nsec;
  status->changed_nanoseconds = x.stx_ctime.tv_nsec;
  status->mode = x.stx_mode;
  status->links = x.stx_nlink;
  status->owner = x.stx_uid;
  status->group = x.stx_gid;
  status->node_major = x.stx_rdev_major;
  status->node_minor = x.stx_rdev_minor;
  return 0;
}

ssize_t cl_fs_read(int file, void *buffer, size_t count) { RESULT(read(file, buffer, count)); }

ssize_t cl_fs_read_at(int file, void *buffer, size_t count, uint64_t offset) {
  RESULT(pread(file, buffer, count, (off_t)offset));
}

ssize_t cl_fs_write(int file, const void *buffer, size_t count) {
  RESULT(write(file, buffer, count));
}

ssize_t cl_fs_entries(int directory, void *buffer, size_t count) {
  RESULT(syscall(SYS_getdents64, directory, buffer, count));
}

ssize_t cl_fs_read_link(int directory, const char *name, void *buffer, size_t count) {
  RESULT(readlinkat(directory, name, buffer, count));
}

int cl_fs_make_directory(int directory, const char *name, unsigned mode) {
  RESULT(mkdirat(directory, name, mode));
}

int cl_fs_make_link(const char *target, int directory, const char *name) {
  RESULT(symlinkat(target, directory, name));
}

int cl_fs_hard_link(int from, const char *name, int to, const char *other) {
  RESULT(linkat(from, name, to, other, 0));
}

int cl_fs_unlink(int directory, const char *name) { RESULT(unlinkat(directory, name, 0)); }

int cl_fs_remove_directory(int directory, const char *name) {
  RESULT(unlinkat(directory, name, AT_REMOVEDIR));
}

int cl_fs_rename(int from, const char *name, int to, const char *other) {
  RESULT(renameat(from, name, to, other));
}

int cl_fs_rename_new(int from, const char *name, int to, const char *other) {
  RESULT((int)syscall(SYS_renameat2, from, name, to, other, RENAME_NOREPLACE));
}

int cl_fs_exchange(int from, const char *name, int to, const char *other) {
  RESULT((int)syscall(SYS_renameat2, from, name, to, other, RENAME_EXCHANGE));
}

int cl_fs_set_mode(int file, unsigned mode) {
  if (fchmod(file, mode) == 0) return 0;
  if (errno != EBADF) return -errno;
  char path[40];
  snprintf(path, sizeof path, "/proc/self/fd/%d", file);
  RESULT(chmod(path, mode));
}

int cl_fs_set_owner(int directory, const char *name, unsigned owner, unsigned group) {
  RESULT(fchownat(directory, name, owner, group, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH));
}

int cl_fs_set_modified(int directory, const char *name, int64_t seconds, uint32_t nanoseconds) {
  struct timespec times[2] = {
      {.tv_sec = 0, .tv_nsec = UTIME_OMIT},
      {.tv_sec = seconds, .tv_nsec = nanoseconds},
  };
  RESULT(utimensat(directory, name, times, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH));
}

int cl_fs_sync(int file) { RESULT(fsync(file)); }
int cl_fs_sync_all(int file) { RESULT(syncfs(file)); }
int cl_fs_lock(int file) { RESULT(flock(file, LOCK_EX | LOCK_NB)); }
int cl_fs_allocate(int file, uint64_t size) { RESULT(fallocate(file, 0, 0, (off_t)size)); }
int cl_fs_truncate(int file, uint64_t size) { RESULT(ftruncate(file, (off_t)size)); }
int cl_fs_clone(int to, int from) { RESULT(ioctl(to, FICLONE, from)); }

ssize_t cl_fs_copy_range(int from, int to, uint64_t offset, size_t count) {
  off_t source = (off_t)offset, target = (off_t)offset;
  RESULT(copy_file_range(from, &source, to, &target, count, 0));
}

int64_t cl_fs_seek(int file, int64_t offset) { RESULT((int64_t)lseek(file, offset, SEEK_SET)); }
int64_t cl_fs_seek_data(int file, int64_t offset) {
  RESULT((int64_t)lseek(file, offset, SEEK_DATA));
}
int64_t cl_fs_seek_hole(int file, int64_t offset) {
  RESULT((int64_t)lseek(file, offset, SEEK_HOLE));
}

// There is no getxattrat in older kernels; the descriptor's own entry in /proc names the directory,
// and only the last component is looked up, unfollowed.
static int attribute_path(int directory, const char *name, char *path, size_t size) {
  int length = snprintf(path, size, *name ? "/proc/self/fd/%d/%s" : "/proc/self/fd/%d", directory,
                        name);
  return length < 0 || (size_t)length >= size ? -ENAMETOOLONG : 0;
}

#define ATTRIBUTE_CALL(followed, unfollowed)                                \
  do {                                                                      \
    char path[512];                                                         \
    int failure = attribute_path(directory, name, path, sizeof path);       \
    if (failure) return failure;                                            \
    RESULT(*name ? unfollowed : followed);                                  \
  } while (0)

ssize_t cl_fs_attributes(int directory, const char *name, void *buffer, size_t count) {
  ATTRIBUTE_CALL(listxattr(path, buffer, count), llistxattr(path, buffer, count));
}

ssize_t cl_fs_attribute(int directory, const char *name, const char *key, void *buffer,
                        size_t count) {
  ATTRIBUTE_CALL(getxattr(path, key, buffer, count), lgetxattr(path, key, buffer, count));
}

int cl_fs_set_attribute(int directory, const char *name, const char *key, const void *value,
                        size_t count) {
  ATTRIBUTE_CALL(setxattr(path, key, value, count, 0), lsetxattr(path, key, value, count, 0));
}

int cl_fs_remove_attribute(int directory, const char *name, const char *key) {
  ATTRIBUTE_CALL(removexattr(path, key), lremovexattr(path, key));
}

int cl_fs_equal(const void *left, const void *right, size_t count) {
  return memcmp(left, right, count) == 0;
}

size_t cl_fs_same_bytes(const uint8_t *left, const uint8_t *right, size_t count) {
  size_t same = 0;
  while (count - same >= 64 && memcmp(left + same, right + same, 64) == 0) same += 64;
  while (same < count && left[same] == right[same]) same++;
  return same;
}

size_t cl_fs_same_bytes_backward(const uint8_t *left, const uint8_t *right, size_t count) {
  size_t same = 0;
  while (count - same >= 64 && memcmp(left + count - same - 64, right + count - same - 64, 64) == 0)
    same += 64;
  while (same < count && left[count - same - 1] == right[count - same - 1]) same++;
  return same;
}

size_t cl_fs_count_byte(const uint8_t *bytes, size_t count, uint8_t byte) {
  size_t found = 0;
  const uint8_t *end = bytes + count;
  while (bytes < end && (bytes = memchr(bytes, byte, (size_t)(end - bytes)))) {
    found++;
    bytes++;
  }
  return found;
}

size_t cl_fs_line_length(const uint8_t *bytes, size_t start, size_t end) {
  const uint8_t *newline = memchr(bytes + start, '\n', end - start);
  return newline ? (size_t)(newline - (bytes + start)) + 1 : end - start;
}

static int read_clock(clockid_t clock, int64_t *seconds, uint32_t *nanoseconds) {
  struct timespec now;
  if (clock_gettime(clock, &now) < 0) return -errno;
  *seconds = now.tv_sec;
  *nanoseconds = (uint32_t)now.tv_nsec;
  return 0;
}

int cl_fs_coarse_clock(int64_t *seconds, uint32_t *nanoseconds) {
  return read_clock(CLOCK_REALTIME_COARSE, seconds, nanoseconds);
}

int cl_fs_exact_clock(int64_t *seconds, uint32_t *nanoseconds) {
  return read_clock(CLOCK_REALTIME, seconds, nanoseconds);
}

void cl_fs_pause(uint32_t nanoseconds) {
  struct timespec time = {.tv_nsec = (long)nanoseconds};
  nanosleep(&time, NULL);
}

unsigned cl_fs_effective_user(void) { return geteuid(); }
const char *cl_fs_error_text(int error) { return strerrordesc_np(error); }

int cl_fs_spread(int directory) {
  int flags = 0;
  if (ioctl(directory, FS_IOC_GETFLAGS, &flags) < 0) return -errno;
  flags |= FS_TOPDIR_FL;
  return ioctl(directory, FS_IOC_SETFLAGS, &flags) < 0 ? -errno : 0;
}
