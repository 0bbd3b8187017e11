// Descriptors, small files and messages between processes.
#ifndef CLINUX_FILES_H
#define CLINUX_FILES_H

#include <stddef.h>
#include <stdint.h>

// The flags that callers need, so that the launcher can do without the C library's module.
enum {
  CL_AT_FDCWD = -100,
  CL_AT_SYMLINK_NOFOLLOW = 0x100,
  CL_AT_REMOVEDIR = 0x200,
  CL_O_RDONLY = 0,
  CL_O_WRONLY = 1,
  CL_O_RDWR = 2,
  CL_O_CREAT = 0100,
  CL_O_EXCL = 0200,
  CL_O_NOCTTY = 0400,
  CL_O_TRUNC = 01000,
  CL_O_NONBLOCK = 04000,
  CL_O_DIRECTORY = 0200000,
  CL_O_NOFOLLOW = 0400000,
  CL_O_PATH = 010000000,
  CL_POLLIN = 1,
  CL_POLLOUT = 4,
  CL_POLLERR = 8,
  CL_POLLHUP = 16,
};

int cl_open(int directory, const char *path, int flags, unsigned mode);
/// openat2(2). `resolve` is a set of CL_RESOLVE_*.
int cl_openat2(int directory, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve);
int cl_close(int descriptor);
/// What kind of file system a path lies on, as statfs(2) numbers it.
long cl_file_system(const char *path);
/// The other end of a socket reads its end; what it sends still comes.
int cl_end_output(int socket);
int cl_duplicate(int descriptor, int target);
long cl_read(int descriptor, void *buffer, size_t count);
long cl_read_at(int descriptor, void *buffer, size_t count, uint64_t offset);
long cl_write(int descriptor, const void *buffer, size_t count);
int cl_mkdirat(int directory, const char *path, unsigned mode);
int cl_symlinkat(const char *text, int directory, const char *path);
int cl_unlinkat(int directory, const char *path, int flags);
int cl_chmodat(int directory, const char *path, unsigned mode);
int cl_chdir(const char *path);
/// fchdir(2).
int cl_change_directory(int directory);
int cl_chown(const char *path, unsigned uid, unsigned gid);
int cl_set_cloexec(int descriptor, int on);
int cl_set_nonblocking(int descriptor, int on);
int cl_pipe(int descriptors[2]);

struct cl_status {
  uint32_t mode, uid, gid, link_count;
  uint64_t size, inode, device, blocks, device_number;
  int64_t change_seconds, change_nanoseconds;
};
/// fstatat(2); `flags` takes AT_SYMLINK_NOFOLLOW and AT_EMPTY_PATH.
int cl_stat(int directory, const char *path, int flags, struct cl_status *status);
/// The magic number of the file system that holds `path`, or `-errno`.
long cl_file_system_kind(const char *path);

/// An anonymous file that holds `count` bytes, sealed against every later change.
int cl_sealed_memory(const char *name, const void *bytes, size_t count);

/// A pair of SOCK_SEQPACKET sockets, close-on-exec.
int cl_socket_pair(int descriptors[2]);
/// Sends one packet, with up to 4 descriptors. Never raises SIGPIPE.
long cl_send(int socket, const void *bytes, size_t count, const int *descriptors, int descriptor_count);
/// Receives one packet and up to 4 descriptors (close-on-exec); a truncated one is -EMSGSIZE.
long cl_receive(int socket, void *bytes, size_t count, int *descriptors, int *descriptor_count);

struct cl_poll {
  int descriptor;
  short wanted, seen;
};
/// The most entries that are waited for at a time.
#define CL_POLL_MOST 160
/// poll(2). Waits again after EINTR only where `restart` is not 0.
int cl_poll(struct cl_poll *entries, int count, int milliseconds, int restart);

#define CL_RESOLVE_NO_XDEV 0x01
#define CL_RESOLVE_NO_MAGICLINKS 0x02
#define CL_RESOLVE_NO_SYMLINKS 0x04
#define CL_RESOLVE_BENEATH 0x08
#define CL_RESOLVE_IN_ROOT 0x10

#endif
