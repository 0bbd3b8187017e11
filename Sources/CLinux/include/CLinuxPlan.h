// The words that the supervisor and the launcher share: the plan's step codes and the messages of
// the control socket. Both sides are built from this header, so they cannot disagree.
//
// A plan is little-endian: magic, version, length of what follows, then the fields in the order in
// which `LaunchPlan.encoded()` writes them. A text is its length (32 bits), its bytes and a NUL.
#ifndef CLINUX_PLAN_H
#define CLINUX_PLAN_H

enum {
  CL_PLAN_MAGIC = 0x53494143,  // "CAIS"
  CL_PLAN_VERSION = 4,
  CL_CONTROL_DESCRIPTOR = 3,
  CL_LOCK_DESCRIPTOR = 4,  // where there is one: held until nothing of the run is left
  CL_PLAN_MAXIMUM_BYTES = 8 << 20,
};

// Bits of the plan's flags.
enum {
  CL_PLAN_NOTIFY = 2,      // hand out a seccomp listener
  CL_PLAN_TERMINAL = 4,    // give the command a pseudo-terminal of its own
  CL_PLAN_DROP_CAPABILITIES = 8,
  CL_PLAN_TERMINAL_FIRST = 16,  // descriptor 0 becomes the terminal; the next two bits: 1 and 2
  CL_PLAN_JOIN_CGROUPS = 128,   // PID 1 moves itself into the cgroups
  CL_PLAN_TRACE_PROGRAMS = 256, // hand out a socket that tells whose a connection is
  CL_PLAN_DURABLE = 512,        // what the layer holds is to outlive a crash
};

enum { CL_NO_IDMAP = 0xffff };

enum {
  CL_STEP_TMPFS = 1,
  CL_STEP_BIND = 2,
  CL_STEP_OVERLAY = 3,
  CL_STEP_PROC = 4,
  CL_STEP_DEVPTS = 5,
  CL_STEP_SYMLINK = 6,
  CL_STEP_DIRECTORY = 7,
  CL_STEP_FILE = 8,
  CL_STEP_PIN = 9,
  CL_STEP_MASK = 10,
  CL_STEP_READ_ONLY = 11,
  CL_STEP_WRITABLE = 12,
  CL_STEP_VIEW = 13,
  CL_STEP_PLACE = 14,
};

// Launcher to supervisor: one byte of kind, then little-endian 32-bit fields.
enum {
  CL_MESSAGE_PID = 'P',     // pid of the run's init in the supervisor's pid namespace
  CL_MESSAGE_SOCKETS = 'N', // index of the first; up to four sockets of the plan come with it
  CL_MESSAGE_TAP = 'T',     // errno; where it is 0 a tap of the run's loopback comes with it
  CL_MESSAGE_DIAGNOSIS = 'W', // errno; where it is 0 a socket comes with it that tells of sockets
  CL_MESSAGE_READY = 'R',   // sealed; flags: 1 = a listener comes with it, 2 = a terminal
  CL_MESSAGE_STARTED = 'S', // the command runs
  CL_MESSAGE_NO_EXEC = 'E', // errno of the last exec
  CL_MESSAGE_EXITED = 'X',  // exit code (or -1), signal; CPU milliseconds and largest resident KiB
  CL_MESSAGE_ENDED = 'D',   // the run's init is gone, whoever ended it
  CL_MESSAGE_CLEARED = 'C', // nothing of the run is left but the launcher, which ends
  CL_MESSAGE_FAILED = 'F',  // errno, then text: what failed, on what
};

// Launcher to PID 1 of the run, on a socket of their own whose end is the launcher's.
enum {
  CL_HANDED_PLAN = 'L',   // the plan comes with it
  CL_HANDED_TREES = 'T',  // up to four clones of the host's trees come with it, in the plan's order
  CL_HANDED_GROUPS = 'G', // up to four lists of members of the run's cgroups come with it
};

// Supervisor to launcher. The end of what it sends means: end everything.
enum {
  // Before all else: 1 where uid 0 started the run; uid and gid outside, uid and gid inside; the
  // namespaces, lower half first
  CL_MESSAGE_IDENTITY = 'I',
  CL_MESSAGE_MADE = 'M',    // 1 for a directory, then a path that is about to be made on the host
  CL_MESSAGE_PLAN = 'L',    // a descriptor comes with it: the launch plan
  CL_MESSAGE_GO = 'G',
  CL_MESSAGE_BYE = 'B',     // the counters are read: the run's init may end
  CL_MESSAGE_SIGNAL = 'K',  // signal number, for the command's process group
};

#endif
