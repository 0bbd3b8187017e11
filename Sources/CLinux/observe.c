#define _GNU_SOURCE
#include "CLinuxObserve.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int cl_packet_tap(const struct cl_filter *program, unsigned short count) {
  unsigned index = if_nametoindex("lo");
  if (index == 0) return -errno;
  // Of no protocol: until it is bound it hears nothing.
  int tap = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (tap < 0) return -errno;
  struct sock_fprog list = {.len = count, .filter = (struct sock_filter *)program};
  struct sockaddr_ll name = {
    .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = (int)index};
  int one = 1, result = 0;
  if (setsockopt(tap, SOL_SOCKET, SO_ATTACH_FILTER, &list, sizeof list) < 0
      || setsockopt(tap, SOL_SOCKET, SO_LOCK_FILTER, &one, sizeof one) < 0)
    result = -errno;
  // What leaves `lo` comes in there again. Older kernels lack the option; the program sees to it.
  setsockopt(tap, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof one);
  if (result == 0 && bind(tap, (struct sockaddr *)&name, sizeof name) < 0) result = -errno;
  if (result == 0) return tap;
  close(tap);
  return result;
}

long cl_packet_head(int tap, void *bytes, size_t count) {
  ssize_t n;
  do n = recv(tap, bytes, count, MSG_DONTWAIT);
  while (n < 0 && errno == EINTR);
  return n < 0 ? -errno : n;
}

long cl_packet_losses(int tap) {
  struct tpacket_stats seen;
  socklen_t size = sizeof seen;
  if (getsockopt(tap, SOL_PACKET, PACKET_STATISTICS, &seen, &size) < 0) return -errno;
  return seen.tp_drops;
}

int cl_has_packet_sockets(void) {
  // Of a type that there is not: closing a real one takes the kernel tens of milliseconds.
  int none = socket(AF_PACKET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (none < 0) return errno != EAFNOSUPPORT;
  close(none);
  return 1;
}

int cl_socket_diagnosis(void) {
  int number = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_SOCK_DIAG);
  return number < 0 ? -errno : number;
}

// The answer to the question that was just sent: the kernel has given it before `send` returns.
static int take_inode(int diagnosis, uint32_t number, uint32_t *inode) {
  char answer[4096] __attribute__((aligned(NLMSG_ALIGNTO)));
  for (;;) {
    ssize_t n;
    do n = recv(diagnosis, answer, sizeof answer, MSG_DONTWAIT);
    while (n < 0 && errno == EINTR);
    if (n < 0) return -errno;
    struct nlmsghdr *header = (struct nlmsghdr *)answer;
    if (!NLMSG_OK(header, (size_t)n)) return -EPROTO;
    if (header->nlmsg_seq != number) continue;
    if (header->nlmsg_type == NLMSG_ERROR) {
      if (header->nlmsg_len < NLMSG_LENGTH(sizeof(struct nlmsgerr))) return -EPROTO;
      int error = ((struct nlmsgerr *)NLMSG_DATA(header))->error;
      return error < 0 ? error : -EPROTO;
    }
    if (header->nlmsg_type != SOCK_DIAG_BY_FAMILY
        || header->nlmsg_len < NLMSG_LENGTH(sizeof(struct inet_diag_msg)))
      return -EPROTO;
    *inode = ((struct inet_diag_msg *)NLMSG_DATA(header))->idiag_inode;
    // A connection that nobody holds any more has none.
    return *inode == 0 ? -ENOENT : 0;
  }
}

int cl_socket_inode(
  int diagnosis, const void *near, uint16_t near_port, const void *far, uint16_t far_port,
  int length, uint32_t *inode) {
  static _Atomic uint32_t sequence;
  struct {
    struct nlmsghdr header;
    struct inet_diag_req_v2 wanted;
  } question = {
    .header = {
      .nlmsg_len = sizeof question, .nlmsg_type = SOCK_DIAG_BY_FAMILY,
      .nlmsg_flags = NLM_F_REQUEST, .nlmsg_seq = ++sequence},
    .wanted = {
      .sdiag_family = length == 16 ? AF_INET6 : AF_INET, .sdiag_protocol = IPPROTO_TCP,
      .idiag_states = ~0u,
      .id = {
        .idiag_sport = htons(near_port), .idiag_dport = htons(far_port),
        .idiag_cookie = {INET_DIAG_NOCOOKIE, INET_DIAG_NOCOOKIE}}}};
  if (length != 4 && length != 16) return -EINVAL;
  memcpy(question.wanted.id.idiag_src, near, (size_t)length);
  memcpy(question.wanted.id.idiag_dst, far, (size_t)length);
  uint32_t number = question.header.nlmsg_seq;
  struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
  ssize_t n;
  do
    n = sendto(
      diagnosis, &question, sizeof question, MSG_NOSIGNAL, (struct sockaddr *)&kernel,
      sizeof kernel);
  while (n < 0 && errno == EINTR);
  if (n < 0) return -errno;
  return take_inode(diagnosis, number, inode);
}
