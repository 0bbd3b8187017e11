// CLinux: system calls that Swift cannot make. One function a call, `-errno` on failure, no
// decisions. Nothing here knows what a policy is.
#ifndef CLINUX_H
#define CLINUX_H

#include "CLinuxConfine.h"
#include "CLinuxDatagram.h"
#include "CLinuxFiles.h"
#include "CLinuxMount.h"
#include "CLinuxNetwork.h"
#include "CLinuxObserve.h"
#include "CLinuxPlan.h"
#include "CLinuxProcess.h"
#include "CLinuxTerminal.h"

#include "CLinuxWorkspace.h"

#endif
