#define _GNU_SOURCE
#include "CLinuxNetwork.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct request {
  struct nlmsghdr header;
  union {
    struct ifaddrmsg address;
    struct rtmsg route;
  };
  char attributes[128];
};

static void add(struct request *request, int type, const void *data, size_t length) {
  struct rtattr *attribute =
    (struct rtattr *)((char *)request + NLMSG_ALIGN(request->header.nlmsg_len));
  attribute->rta_type = (unsigned short)type;
  attribute->rta_len = (unsigned short)RTA_LENGTH(length);
  memcpy(RTA_DATA(attribute), data, length);
  request->header.nlmsg_len =
    NLMSG_ALIGN(request->header.nlmsg_len) + RTA_ALIGN(attribute->rta_len);
}

// Sends one request and gives what the kernel says about it: 0 or a negative errno.
static int ask(int netlink, struct request *request) {
  request->header.nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL;
  ssize_t n;
  do n = send(netlink, request, request->header.nlmsg_len, 0);
  while (n < 0 && errno == EINTR);
  if (n < 0) return -errno;
  char answer[4096] __attribute__((aligned(NLMSG_ALIGNTO)));
  do n = recv(netlink, answer, sizeof answer, 0);
  while (n < 0 && errno == EINTR);
  if (n < 0) return -errno;
  struct nlmsghdr *header = (struct nlmsghdr *)answer;
  if ((size_t)n < NLMSG_LENGTH(sizeof(struct nlmsgerr)) || header->nlmsg_type != NLMSG_ERROR)
    return -EPROTO;
  return ((struct nlmsgerr *)NLMSG_DATA(header))->error;
}

static int add_address(int netlink, unsigned index, int family, const void *bytes, int length) {
  struct request request = {
    .header = {
      .nlmsg_len = NLMSG_LENGTH(sizeof(struct ifaddrmsg)), .nlmsg_type = RTM_NEWADDR},
    .address = {
      .ifa_family = (unsigned char)family, .ifa_prefixlen = (unsigned char)(length * 8),
      .ifa_flags = IFA_F_NODAD | IFA_F_PERMANENT, .ifa_index = index}};
  add(&request, IFA_LOCAL, bytes, (size_t)length);
  add(&request, IFA_ADDRESS, bytes, (size_t)length);
  return ask(netlink, &request);
}

static int add_local_route(int netlink, unsigned index, int family) {
  struct request request = {
    .header = {.nlmsg_len = NLMSG_LENGTH(sizeof(struct rtmsg)), .nlmsg_type = RTM_NEWROUTE},
    .route = {
      .rtm_family = (unsigned char)family, .rtm_table = RT_TABLE_LOCAL,
      .rtm_protocol = RTPROT_STATIC, .rtm_scope = RT_SCOPE_HOST, .rtm_type = RTN_LOCAL}};
  uint32_t interface = index;
  add(&request, RTA_OIF, &interface, sizeof interface);
  return ask(netlink, &request);
}

int cl_network_close(const uint8_t address4[4], const uint8_t address6[16]) {
  unsigned index = if_nametoindex("lo");
  if (index == 0) return -errno;
  int netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  if (netlink < 0) return -errno;
  int result = add_address(netlink, index, AF_INET, address4, 4);
  if (result == 0) result = add_local_route(netlink, index, AF_INET);
  // A machine may have no version 6.
  int six = result == 0 ? add_address(netlink, index, AF_INET6, address6, 16) : 0;
  if (result == 0 && six == 0) result = add_local_route(netlink, index, AF_INET6);
  close(netlink);
  if (result < 0) return result;
  return six == 0 ? 1 : 0;
}

static int prepare(int number, int family, int kind) {
  int one = 1;
  if (setsockopt(number, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) < 0) return -errno;
  if (family == AF_INET6) {
    if (setsockopt(number, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one) < 0) return -errno;
    if (setsockopt(number, IPPROTO_IPV6, IPV6_FREEBIND, &one, sizeof one) < 0) return -errno;
    if (kind == SOCK_DGRAM
        && setsockopt(number, IPPROTO_IPV6, IPV6_RECVPKTINFO, &one, sizeof one) < 0)
      return -errno;
  } else {
    if (setsockopt(number, IPPROTO_IP, IP_FREEBIND, &one, sizeof one) < 0) return -errno;
    if (kind == SOCK_DGRAM && setsockopt(number, IPPROTO_IP, IP_PKTINFO, &one, sizeof one) < 0)
      return -errno;
  }
  return 0;
}

int cl_network_socket(int is_datagram, const void *address, int length, uint16_t port) {
  int family = length == 16 ? AF_INET6 : AF_INET;
  int kind = is_datagram ? SOCK_DGRAM : SOCK_STREAM;
  int number = socket(family, kind | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (number < 0) return -errno;
  int result = prepare(number, family, kind);
  union {
    struct sockaddr any;
    struct sockaddr_in four;
    struct sockaddr_in6 six;
  } name = {0};
  socklen_t size;
  if (family == AF_INET6) {
    name.six.sin6_family = AF_INET6;
    name.six.sin6_port = htons(port);
    memcpy(&name.six.sin6_addr, address, 16);
    size = sizeof name.six;
  } else {
    name.four.sin_family = AF_INET;
    name.four.sin_port = htons(port);
    memcpy(&name.four.sin_addr, address, 4);
    size = sizeof name.four;
  }
  if (result == 0 && bind(number, &name.any, size) < 0) result = -errno;
  if (result == 0 && !is_datagram && listen(number, 512) < 0) result = -errno;
  if (result < 0) {
    close(number);
    return result;
  }
  return number;
}
