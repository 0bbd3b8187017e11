// The file system calls of the workspace: everything relative to a descriptor, nothing that follows
// a symbolic link unless the caller says so.
#ifndef CLINUX_WORKSPACE_H
#define CLINUX_WORKSPACE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// What statx says, flat. Times are seconds and nanoseconds since 1970.
struct cl_fs_status {
  uint64_t inode;
  uint64_t device;
  uint64_t mount;
  uint64_t size;
  uint64_t blocks;
  int64_t modified_seconds;
  int64_t changed_seconds;
  uint32_t modified_nanoseconds;
  uint32_t changed_nanoseconds;
  uint32_t mode;
  uint32_t links;
  uint32_t owner;
  uint32_t group;
  uint32_t node_major;
  uint32_t node_minor;
};

// Flags of cl_fs_open.
#define CL_FS_READ 1       // reading
#define CL_FS_WRITE 2      // writing
#define CL_FS_CREATE 4     // created, must not exist
#define CL_FS_PATH 8       // O_PATH
#define CL_FS_DIRECTORY 16 // must be a directory
#define CL_FS_SAME_MOUNT 32 // never crosses a mount point
#define CL_FS_TRUNCATE 64
#define CL_FS_ANY 128 // may exist already (with CL_FS_CREATE)

// Opens `path` beneath `directory` without following any symbolic link.
int cl_fs_open_beneath(int directory, const char *path, int flags, unsigned mode);
// Opens an absolute path as a user names it, symbolic links followed.
int cl_fs_open(const char *path, int flags, unsigned mode);
int cl_fs_close(int file);

// Status of `name` beneath `directory`, or of `directory` itself where the name is empty.
int cl_fs_status_at(int directory, const char *name, struct cl_fs_status *status);

ssize_t cl_fs_read(int file, void *buffer, size_t count);
ssize_t cl_fs_read_at(int file, void *buffer, size_t count, uint64_t offset);
ssize_t cl_fs_write(int file, const void *buffer, size_t count);
// Raw getdents64 records.
ssize_t cl_fs_entries(int directory, void *buffer, size_t count);
ssize_t cl_fs_read_link(int directory, const char *name, void *buffer, size_t count);

int cl_fs_make_directory(int directory, const char *name, unsigned mode);
int cl_fs_make_link(const char *target, int directory, const char *name);
int cl_fs_hard_link(int from, const char *name, int to, const char *other);
int cl_fs_unlink(int directory, const char *name);
int cl_fs_remove_directory(int directory, const char *name);
int cl_fs_rename(int from, const char *name, int to, const char *other);
int cl_fs_rename_new(int from, const char *name, int to, const char *other);
int cl_fs_exchange(int from, const char *name, int to, const char *other);

// These work on O_PATH descriptors too.
int cl_fs_set_mode(int file, unsigned mode);
int cl_fs_set_owner(int directory, const char *name, unsigned owner, unsigned group);
int cl_fs_set_modified(int directory, const char *name, int64_t seconds, uint32_t nanoseconds);

int cl_fs_sync(int file);
int cl_fs_sync_all(int file);
int cl_fs_lock(int file);
int cl_fs_allocate(int file, uint64_t size);
int cl_fs_truncate(int file, uint64_t size);
int cl_fs_clone(int to, int from);
ssize_t cl_fs_copy_range(int from, int to, uint64_t offset, size_t count);
int64_t cl_fs_seek(int file, int64_t offset);
// Start of the next data, or of the next hole, at or after the offset.
int64_t cl_fs_seek_data(int file, int64_t offset);
int64_t cl_fs_seek_hole(int file, int64_t offset);

// Extended attributes of `name` beneath `directory` (of `directory` itself where the name is
// empty), symbolic links not followed.
ssize_t cl_fs_attributes(int directory, const char *name, void *buffer, size_t count);
ssize_t cl_fs_attribute(int directory, const char *name, const char *key, void *buffer,
                        size_t count);
int cl_fs_set_attribute(int directory, const char *name, const char *key, const void *value,
                        size_t count);
int cl_fs_remove_attribute(int directory, const char *name, const char *key);

// Loops over bytes that an unoptimised Swift build would make slow.
// memcmp: 1 where the bytes are equal.
int cl_fs_equal(const void *left, const void *right, size_t count);
// How many bytes are equal from the beginning, and from the end.
size_t cl_fs_same_bytes(const uint8_t *left, const uint8_t *right, size_t count);
size_t cl_fs_same_bytes_backward(const uint8_t *left, const uint8_t *right, size_t count);
size_t cl_fs_count_byte(const uint8_t *bytes, size_t count, uint8_t byte);
// Length of the line that begins at `start`, its newline included.
size_t cl_fs_line_length(const uint8_t *bytes, size_t start, size_t end);

// CLOCK_REALTIME_COARSE, the clock of ctime.
int cl_fs_coarse_clock(int64_t *seconds, uint32_t *nanoseconds);
// CLOCK_REALTIME.
int cl_fs_exact_clock(int64_t *seconds, uint32_t *nanoseconds);
void cl_fs_pause(uint32_t nanoseconds);
unsigned cl_fs_effective_user(void);
const char *cl_fs_error_text(int error);

// Asks ext4 to put the directories of this one far from each other, as chattr(1) +T does.
int cl_fs_spread(int directory);

#endif
