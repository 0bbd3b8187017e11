// Looking at a run's network from outside: the heads of packets, and whose a connection is.
#ifndef CLINUX_OBSERVE_H
#define CLINUX_OBSERVE_H

#include <stddef.h>
#include <stdint.h>

#include "CLinuxConfine.h"

/// A packet socket on `lo` that hears what comes in there, as far as the program lets it through,
/// from the network header on. The program cannot be changed or taken off any more.
int cl_packet_tap(const struct cl_filter *program, unsigned short count);
/// Reads the head of one packet without waiting; -EAGAIN where there is none.
long cl_packet_head(int tap, void *bytes, size_t count);
/// The packets that were lost since this was last asked.
long cl_packet_losses(int tap);
/// Whether this kernel has packet sockets; it may still refuse them to the caller.
int cl_has_packet_sockets(void);

/// A socket that is asked about other sockets of its network (sock_diag(7)).
int cl_socket_diagnosis(void);
/// The inode of the connected TCP socket at `near`, whose peer is at `far`; addresses of `length` (4
/// or 16) bytes. -ENOENT where there is none any more.
int cl_socket_inode(
  int diagnosis, const void *near, uint16_t near_port, const void *far, uint16_t far_port,
  int length, uint32_t *inode);

#endif
