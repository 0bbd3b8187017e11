// The network of a run: a loopback to which every address of the world belongs.
#ifndef CLINUX_NETWORK_H
#define CLINUX_NETWORK_H

#include <stddef.h>
#include <stdint.h>

/// Gives `lo` an address of each version, which name lookups want to see, and routes every address
/// there is to it. 1 with both versions, 0 where the kernel has no version 6, else a negative errno.
int cl_network_close(const uint8_t address4[4], const uint8_t address6[16]);

/// A bound socket: a listening stream, or a datagram socket that tells each packet's own address.
/// `length` is 4 or 16. Bound to an address that need not be configured.
int cl_network_socket(int is_datagram, const void *address, int length, uint16_t port);

#endif
