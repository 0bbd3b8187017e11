// Datagrams that are answered from the address that was asked, and packets with many descriptors.
#ifndef CLINUX_DATAGRAM_H
#define CLINUX_DATAGRAM_H

#include <stddef.h>
#include <stdint.h>

/// Where a datagram came from and where it went: the bytes of a sockaddr, and an address of 4 or 16
/// bytes (`local_length` 0 where it is not known).
struct cl_datagram_path {
  uint8_t peer[28];
  uint32_t peer_length;
  uint8_t local[16];
  uint32_t local_length;
};
/// Asks for the local address of each datagram, by IP_PKTINFO or IPV6_RECVPKTINFO.
int cl_datagram_report_local(int socket);
/// Receives without waiting; a truncated datagram is -EMSGSIZE.
long cl_datagram_receive(int socket, void *bytes, size_t count, struct cl_datagram_path *path);
/// Sends back along a path, from its local address, without waiting.
long cl_datagram_answer(
  int socket, const void *bytes, size_t count, const struct cl_datagram_path *path);

#endif
