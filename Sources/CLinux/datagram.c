#define _GNU_SOURCE
#include "CLinuxDatagram.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int cl_datagram_report_local(int socket) {
  int domain = 0, on = 1;
  socklen_t length = sizeof domain;
  if (getsockopt(socket, SOL_SOCKET, SO_DOMAIN, &domain, &length) < 0) return -errno;
  int result = domain == AF_INET6
    ? setsockopt(socket, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof on)
    : setsockopt(socket, IPPROTO_IP, IP_PKTINFO, &on, sizeof on);
  return result < 0 ? -errno : 0;
}

long cl_datagram_receive(int socket, void *bytes, size_t count, struct cl_datagram_path *path) {
  union {
    struct cmsghdr header;
    char space[CMSG_SPACE(sizeof(struct in6_pktinfo)) + CMSG_SPACE(sizeof(struct in_pktinfo))];
  } control;
  memset(path, 0, sizeof *path);
  struct iovec vector = {bytes, count};
  struct msghdr message = {
    .msg_name = path->peer, .msg_namelen = sizeof path->peer, .msg_iov = &vector, .msg_iovlen = 1,
    .msg_control = &control, .msg_controllen = sizeof control};
  ssize_t n;
  do n = recvmsg(socket, &message, MSG_DONTWAIT);
  while (n < 0 && errno == EINTR);
  if (n < 0) return -errno;
  path->peer_length = message.msg_namelen;
  for (struct cmsghdr *h = CMSG_FIRSTHDR(&message); h; h = CMSG_NXTHDR(&message, h)) {
    if (h->cmsg_level == IPPROTO_IP && h->cmsg_type == IP_PKTINFO) {
      struct in_pktinfo info;
      memcpy(&info, CMSG_DATA(h), sizeof info);
      memcpy(path->local, &info.ipi_addr, 4);
      path->local_length = 4;
    } else if (h->cmsg_level == IPPROTO_IPV6 && h->cmsg_type == IPV6_PKTINFO) {
      struct in6_pktinfo info;
      memcpy(&info, CMSG_DATA(h), sizeof info);
      memcpy(path->local, &info.ipi6_addr, 16);
      path->local_length = 16;
    }
  }
  return message.msg_flags & MSG_TRUNC ? -EMSGSIZE : n;
}

long cl_datagram_answer(
  int socket, const void *bytes, size_t count, const struct cl_datagram_path *path) {
  if (path->peer_length == 0 || path->peer_length > sizeof path->peer) return -EINVAL;
  union {
    struct cmsghdr header;
    char space[CMSG_SPACE(sizeof(struct in6_pktinfo))];
  } control;
  memset(&control, 0, sizeof control);
  struct iovec vector = {(void *)bytes, count};
  struct msghdr message = {
    .msg_name = (void *)path->peer, .msg_namelen = path->peer_length, .msg_iov = &vector,
    .msg_iovlen = 1};
  struct cmsghdr *header = &control.header;
  if (path->local_length == 4) {
    struct in_pktinfo info = {0};
    memcpy(&info.ipi_spec_dst, path->local, 4);
    header->cmsg_level = IPPROTO_IP;
    header->cmsg_type = IP_PKTINFO;
    header->cmsg_len = CMSG_LEN(sizeof info);
    memcpy(CMSG_DATA(header), &info, sizeof info);
    message.msg_control = &control;
    message.msg_controllen = CMSG_SPACE(sizeof info);
  } else if (path->local_length == 16) {
    struct in6_pktinfo info = {0};
    memcpy(&info.ipi6_addr, path->local, 16);
    header->cmsg_level = IPPROTO_IPV6;
    header->cmsg_type = IPV6_PKTINFO;
    header->cmsg_len = CMSG_LEN(sizeof info);
    memcpy(CMSG_DATA(header), &info, sizeof info);
    message.msg_control = &control;
    message.msg_controllen = CMSG_SPACE(sizeof info);
  }
  ssize_t n;
  do n = sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  while (n < 0 && errno == EINTR);
  return n < 0 ? -errno : n;
}
