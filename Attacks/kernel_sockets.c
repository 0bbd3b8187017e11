// Kinds of sockets: those that leave the machine past every namespace, and those that are the
// kernel's less trodden paths.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "attack.h"

static long make(long family, long kind, long protocol) {
  return syscall(SYS_socket, family, kind | SOCK_CLOEXEC, protocol);
}

int attack_socket_alg(void) {
  struct tries tries = {0};
  attempt(&tries, "AF_ALG", make(AF_ALG, SOCK_SEQPACKET, 0));
  return conclude(&tries);
}

int attack_socket_vsock(void) {
  struct tries tries = {0};
  attempt(&tries, "stream", make(AF_VSOCK, SOCK_STREAM, 0));
  attempt(&tries, "datagram", make(AF_VSOCK, SOCK_DGRAM, 0));
  attempt(&tries, "seqpacket", make(AF_VSOCK, SOCK_SEQPACKET, 0));
  return conclude(&tries);
}

int attack_socket_netlink(void) {
  struct tries tries = {0};
  static const int kinds[] = {NETLINK_GENERIC, NETLINK_SOCK_DIAG, NETLINK_NETFILTER, NETLINK_KOBJECT_UEVENT,
                              NETLINK_AUDIT, NETLINK_XFRM, NETLINK_CONNECTOR, NETLINK_CRYPTO,
                              NETLINK_SELINUX, NETLINK_FIB_LOOKUP, NETLINK_ISCSI, NETLINK_USERSOCK};
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    attempt(&tries, text("netlink %d", kinds[i]), make(AF_NETLINK, SOCK_RAW, kinds[i]));
    attempt(&tries, text("netlink %d+", kinds[i]), make(AF_NETLINK, SOCK_DGRAM, kinds[i] | 1L << 32));
  }
  return conclude(&tries);
}

int attack_socket_packet(void) {
  struct tries tries = {0};
  attempt(&tries, "raw", make(AF_PACKET, SOCK_RAW, htons(3)));
  attempt(&tries, "datagram", make(AF_PACKET, SOCK_DGRAM, 0));
  attempt(&tries, "SOCK_PACKET", make(AF_INET, SOCK_PACKET, htons(3)));
  return conclude(&tries);
}

int attack_socket_raw(void) {
  struct tries tries = {0};
  attempt(&tries, "IPv4 raw", make(AF_INET, SOCK_RAW, IPPROTO_RAW));
  attempt(&tries, "ICMP raw", make(AF_INET, SOCK_RAW, IPPROTO_ICMP));
  attempt(&tries, "IPv6 raw", make(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6));
  attempt(&tries, "TCP raw", make(AF_INET, SOCK_RAW, IPPROTO_TCP));
  return conclude(&tries);
}

int attack_socket_families(void) {
  struct tries tries = {0};
  static const int kinds[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_RAW, SOCK_SEQPACKET};
  for (int family = 3; family < 64; family++) {
    // Unix and the internet are what programs need; netlink, packet, alg and vsock have their own.
    if (family == AF_INET6 || family == AF_NETLINK || family == AF_PACKET || family == AF_ALG || family == AF_VSOCK)
      continue;
    for (int i = 0; i < 4; i++) {
      long result = make(family, kinds[i], 0);
      if (result >= 0) attempt(&tries, text("family %d kind %d", family, kinds[i]), result);
    }
  }
  // The last one's errno stands for them all.
  attempt(&tries, "families 3 to 63", make(AF_KEY, SOCK_RAW, 2));
  return conclude(&tries);
}

int attack_socket_pairs(void) {
  struct tries tries = {0};
  int pair[2];
  attempt(&tries, "socketpair(AF_TIPC)", syscall(SYS_socketpair, AF_TIPC, SOCK_SEQPACKET, 0, pair));
  attempt(&tries, "socketpair(AF_NETLINK)", syscall(SYS_socketpair, AF_NETLINK, SOCK_RAW, 16, pair));
  // A family is an int to the kernel: a filter that compares 64 bits sees another number.
  static const long families[] = {AF_VSOCK, AF_PACKET, AF_NETLINK, AF_ALG};
  for (int i = 0; i < 4; i++)
    attempt(&tries, text("family %ld in 64 bits", families[i]),
            make(families[i] | 1L << 32, families[i] == AF_VSOCK ? SOCK_STREAM : SOCK_RAW, 16));
  attempt(&tries, "raw in 64 bits", make(AF_INET, SOCK_RAW | 1L << 32, IPPROTO_ICMP));
  return conclude(&tries);
}

int attack_tcp_loopback(void) {
  struct tries tries = {0};
  int port = (int)strtol(param("port"), NULL, 10);
  static const char *const addresses[] = {"127.0.0.1", "0.0.0.0", "127.1.2.3"};
  for (int i = 0; i < 3; i++) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
    inet_pton(AF_INET, addresses[i], &address.sin_addr);
    int peer = (int)make(AF_INET, SOCK_STREAM, 0);
    attempt(&tries, addresses[i], connect(peer, (struct sockaddr *)&address, sizeof address));
    close(peer);
  }
  struct sockaddr_in6 mapped = {.sin6_family = AF_INET6, .sin6_port = htons((unsigned short)port)};
  inet_pton(AF_INET6, "::ffff:127.0.0.1", &mapped.sin6_addr);
  int peer = (int)make(AF_INET6, SOCK_STREAM, 0);
  attempt(&tries, "::ffff:127.0.0.1", connect(peer, (struct sockaddr *)&mapped, sizeof mapped));
  return conclude(&tries);
}

int attack_route_change(void) {
  struct tries tries = {0};
  struct {
    struct nlmsghdr head;
    struct ifinfomsg link;
  } request = {{sizeof request, RTM_NEWLINK, NLM_F_REQUEST | NLM_F_ACK, 1, 0},
               {.ifi_family = AF_UNSPEC, .ifi_index = 1, .ifi_flags = IFF_UP, .ifi_change = IFF_UP}};
  int route = (int)make(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
  if (route >= 0 && send(route, &request, sizeof request, 0) == sizeof request) {
    struct {
      struct nlmsghdr head;
      struct nlmsgerr error;
      char room[512];
    } answer = {0};
    if (recv(route, &answer, sizeof answer, 0) > 0) errno = -answer.error.error;
    attempt(&tries, "RTM_NEWLINK", errno == 0 ? 0 : -1);
  } else {
    attempt(&tries, "rtnetlink", -1);
  }
  struct ifreq device = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_PROMISC};
  attempt(&tries, "SIOCSIFFLAGS", ioctl((int)make(AF_INET, SOCK_DGRAM, 0), SIOCSIFFLAGS, &device));
  return conclude(&tries);
}
