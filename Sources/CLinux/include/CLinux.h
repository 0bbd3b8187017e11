// CLinux: system calls that Swift cannot make. One function a call, `-errno` on failure, no
// decisions. Nothing here knows what a policy is.
#ifndef CLINUX_H
#define CLINUX_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "CLinuxWorkspace.h"

#endif
