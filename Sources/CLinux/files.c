#define _GNU_SOURCE
#include "CLinuxFiles.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#define RESULT(expression) ({ __typeof__(expression) r_ = (expression); r_ < 0 ? -errno : r_; })

int cl_open(int directory, const char *path, int flags, unsigned mode) {
  return RESULT(openat(directory, path, flags | O_CLOEXEC, mode));
}

int cl_openat2(int directory, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve) {
  struct open_how how = {.flags = flags | O_CLOEXEC, .mode = mode, .resolve = resolve};
  return RESULT((int)syscall(SYS_openat2, directory, path, &how, sizeof how));
}

int cl_close(int descriptor) { return RESULT(close(descriptor)); }
long cl_file_system(const char *path) {
  struct statfs facts;
  return statfs(path, &facts) < 0 ? -errno : (long)facts.f_type;
}
int cl_end_output(int socket) { return RESULT(shutdown(socket, SHUT_WR)); }
int cl_duplicate(int descriptor, int target) { return RESULT(dup2(descriptor, target)); }

long cl_read_at(int descriptor, void *buffer, size_t count, uint64_t offset) {
  ssize_t n;
  do n = pread(descriptor, buffer, count, (off_t)offset);
  while (n < 0 && errno == EINTR);
  return n < 0 ? -errno : n;
}

long cl_read(int descriptor, void *buffer, size_t count) {
  ssize_t n;
  do n = read(descriptor, buffer, count);
  while (n < 0 && errno == EINTR);
  return n < 0 ? -errno : n;
}

long cl_write(int descriptor, const void *buffer, size_t count) {
  ssize_t n;
  do n = write(descriptor, buffer, count);
  while (n < 0 && errno == EINTR);
  return n < 0 ? -errno : n;
}

int cl_mkdirat(int directory, const char *path, unsigned mode) {
  return RESULT(mkdirat(directory, path, mode));
}
int cl_symlinkat(const char *text, int directory, const char *path) {
  return RESULT(symlinkat(text, directory, path));
}
int cl_unlinkat(int directory, const char *path, int flags) {
  return RESULT(unlinkat(directory, path, flags));
}
int cl_chmodat(int directory, const char *path, unsigned mode) {
  return RESULT(fchmodat(directory, path, mode, 0));
}
int cl_chdir(const char *path) { return RESULT(chdir(path)); }
int cl_change_directory(int directory) { return RESULT(fchdir(directory)); }
int cl_chown(const char *path, unsigned uid, unsigned gid) { return RESULT(lchown(path, uid, gid)); }

int cl_set_cloexec(int descriptor, int on) {
  return RESULT(fcntl(descriptor, F_SETFD, on ? FD_CLOEXEC : 0));
}

int cl_set_nonblocking(int descriptor, int on) {
  int flags = fcntl(descriptor, F_GETFL);
  if (flags < 0) return -errno;
  return RESULT(fcntl(descriptor, F_SETFL, on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK));
}

int cl_pipe(int descriptors[2]) { return RESULT(pipe2(descriptors, O_CLOEXEC)); }

int cl_stat(int directory, const char *path, int flags, struct cl_status *status) {
  struct stat s;
  if (fstatat(directory, path, &s, flags) < 0) return -errno;
  *status = (struct cl_status){
    .mode = s.st_mode, .uid = s.st_uid, .gid = s.st_gid, .link_count = (uint32_t)s.st_nlink,
    .size = (uint64_t)s.st_size, .inode = s.st_ino, .device = s.st_dev,
    .blocks = (uint64_t)s.st_blocks, .device_number = s.st_rdev,
    .change_seconds = s.st_ctim.tv_sec, .change_nanoseconds = s.st_ctim.tv_nsec};
  return 0;
}

long cl_file_system_kind(const char *path) {
  struct statfs s;
  return statfs(path, &s) < 0 ? -errno : (long)s.f_type;
}

int cl_sealed_memory(const char *name, const void *bytes, size_t count) {
  int descriptor = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (descriptor < 0) return -errno;
  for (size_t done = 0; done < count;) {
    ssize_t n = write(descriptor, (const char *)bytes + done, count - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      int error = errno;
      close(descriptor);
      return -error;
    }
    done += (size_t)n;
  }
  if (fcntl(descriptor, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0
      || lseek(descriptor, 0, SEEK_SET) < 0) {
    int error = errno;
    close(descriptor);
    return -error;
  }
  return descriptor;
}

int cl_socket_pair(int descriptors[2]) {
  return RESULT(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, descriptors));
}

long cl_send(int socket, const void *bytes, size_t count, const int *descriptors, int number) {
  if (number < 0 || number > 4) return -EINVAL;
  union {
    struct cmsghdr header;
    char space[CMSG_SPACE(4 * sizeof(int))];
  } control;
  struct iovec vector = {(void *)bytes, count};
  struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1};
  if (number > 0) {
    memset(&control, 0, sizeof control);
    message.msg_control = &control;
    message.msg_controllen = CMSG_SPACE((size_t)number * sizeof(int));
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN((size_t)number * sizeof(int));
    memcpy(CMSG_DATA(header), descriptors, (size_t)number * sizeof(int));
  }
  ssize_t n;
  do n = sendmsg(socket, &message, MSG_NOSIGNAL);
  while (n < 0 && errno == EINTR);
  return n < 0 ? -errno : n;
}

long cl_receive(int socket, void *bytes, size_t count, int *descriptors, int *number) {
  union {
    struct cmsghdr header;
    char space[CMSG_SPACE(4 * sizeof(int))];
  } control;
  struct iovec vector = {bytes, count};
  struct msghdr message = {
    .msg_iov = &vector, .msg_iovlen = 1, .msg_control = &control,
    .msg_controllen = sizeof control};
  *number = 0;
  ssize_t n;
  do n = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  while (n < 0 && errno == EINTR);
  if (n < 0) return -errno;
  for (struct cmsghdr *h = CMSG_FIRSTHDR(&message); h; h = CMSG_NXTHDR(&message, h)) {
    if (h->cmsg_level != SOL_SOCKET || h->cmsg_type != SCM_RIGHTS) continue;
    int found = (int)((h->cmsg_len - CMSG_LEN(0)) / sizeof(int));
    memcpy(descriptors, CMSG_DATA(h), (size_t)found * sizeof(int));
    *number = found;
  }
  if (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) {
    for (int i = 0; i < *number; i++) close(descriptors[i]);
    *number = 0;
    return -EMSGSIZE;
  }
  return n;
}

int cl_poll(struct cl_poll *entries, int count, int milliseconds, int restart) {
  struct pollfd list[CL_POLL_MOST];
  if (count < 0 || count > CL_POLL_MOST) return -EINVAL;
  for (int i = 0; i < count; i++)
    list[i] = (struct pollfd){.fd = entries[i].descriptor, .events = entries[i].wanted};
  int n;
  do n = poll(list, (nfds_t)count, milliseconds);
  while (n < 0 && errno == EINTR && restart);
  if (n < 0) return -errno;
  for (int i = 0; i < count; i++) entries[i].seen = list[i].revents;
  return n;
}
