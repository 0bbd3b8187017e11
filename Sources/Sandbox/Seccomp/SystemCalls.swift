/// The system calls of x86-64, by number, and what a sealed process may do with each. Numbers are
/// from the kernel's `arch/x86/entry/syscalls/syscall_64.tbl`; the list is ours because the C
/// library's headers are older than the kernels we run on.
package enum SystemCalls {
  /// What becomes of a call.
  package enum Rule: Sendable, Equatable {
    case allow
    /// Refused with EPERM and reported.
    case deny
    /// Answered with ENOSYS, so that the C library falls back to an older call.
    case absent
    /// Depends on the arguments: see `ArgumentRule`.
    case check(ArgumentRule)
  }

  /// Calls whose arguments decide.
  package enum ArgumentRule: Sendable, Hashable, CaseIterable {
    case cloneFlags, unshareFlags, socketFamily, terminalControl, personality,
      execByDescriptor
    /// The mode in this argument must not hold a setuid or setgid bit.
    case mode1, mode2
    /// The same, and no device node.
    case nodeMode1, nodeMode2
    /// The mode counts only where the flags in the argument before it create a file.
    case openMode2, openMode3
    /// Unix pairs alone; where the run gets no Unix sockets, none that can send elsewhere.
    case socketPair
    /// A filter of the run's own, but no listener: it could answer for ours once that one is gone.
    case filterListener
    /// The limit of core files stays as it is.
    case coreLimit0, coreLimit1

    package static let allCases: [ArgumentRule] = [
      .cloneFlags, .unshareFlags, .socketFamily, .terminalControl, .personality,
      .execByDescriptor, .mode1, .mode2, .nodeMode1, .nodeMode2, .openMode2, .openMode3,
      .socketPair, .filterListener, .coreLimit0, .coreLimit1,
    ]
  }

  /// The highest number that this table knows. Beyond it: ENOSYS.
  package static let last = 469

  /// The rule for a number. What the table does not name below is an ordinary call and allowed;
  /// numbers without a call and numbers beyond the table do not exist for a sealed process.
  package static func rule(_ number: Int) -> Rule {
    if let check = checks[number] { return .check(check) }
    if denied[number] != nil { return .deny }
    if absent.contains(where: { $0.contains(number) }) || number > last { return .absent }
    return .allow
  }

  package static func name(_ number: Int) -> String {
    denied[number] ?? names[number] ?? "system call \(number)"
  }

  /// How many calls are refused whatever their arguments are.
  package static var deniedCount: Int { denied.count }

  static let checks: [Int: ArgumentRule] = [
    2: .openMode2, 257: .openMode3, 85: .mode1,
    56: .cloneFlags, 272: .unshareFlags, 41: .socketFamily, 16: .terminalControl,
    135: .personality, 322: .execByDescriptor,
    90: .mode1, 91: .mode1, 268: .mode2, 452: .mode2, 83: .mode1, 258: .mode2,
    133: .nodeMode1, 259: .nodeMode2,
    53: .socketPair, 317: .filterListener, 160: .coreLimit0, 302: .coreLimit1,
  ]

  static let names: [Int: String] = [
    53: "socketpair", 317: "seccomp", 160: "setrlimit", 302: "prlimit64",
    2: "open", 257: "openat", 85: "creat", 56: "clone", 272: "unshare", 41: "socket",
    16: "ioctl", 135: "personality", 322: "execveat", 90: "chmod", 91: "fchmod",
    268: "fchmodat", 452: "fchmodat2", 83: "mkdir", 258: "mkdirat", 133: "mknod",
    259: "mknodat", 59: "execve", 21: "access", 269: "faccessat", 439: "faccessat2",
    76: "truncate", 82: "rename", 264: "renameat", 316: "renameat2", 86: "link", 265: "linkat",
    87: "unlink", 263: "unlinkat", 84: "rmdir", 88: "symlink", 266: "symlinkat", 92: "chown",
    94: "lchown", 260: "fchownat", 80: "chdir", 4: "stat", 6: "lstat", 262: "newfstatat",
    332: "statx", 89: "readlink", 267: "readlinkat", 132: "utime", 235: "utimes",
    261: "futimesat", 280: "utimensat", 188: "setxattr", 189: "lsetxattr",
  ]

  /// Refused and reported.
  static let denied: [Int: String] = [
    // Other processes' memory and state.
    101: "ptrace", 310: "process_vm_readv", 311: "process_vm_writev", 312: "kcmp",
    438: "pidfd_getfd", 440: "process_madvise", 448: "process_mrelease",
    // Mounts and roots.
    155: "pivot_root", 161: "chroot", 165: "mount", 166: "umount2", 308: "setns",
    428: "open_tree", 429: "move_mount", 430: "fsopen", 431: "fsconfig", 432: "fsmount",
    433: "fspick", 442: "mount_setattr", 467: "open_tree_attr", 304: "open_by_handle_at",
    303: "name_to_handle_at", 179: "quotactl", 443: "quotactl_fd", 300: "fanotify_init",
    301: "fanotify_mark",
    // The kernel's large or rarely tested surfaces.
    425: "io_uring_setup", 426: "io_uring_enter", 427: "io_uring_register", 321: "bpf",
    323: "userfaultfd", 298: "perf_event_open", 154: "modify_ldt",
    // Keys.
    248: "add_key", 249: "request_key", 250: "keyctl",
    // The machine itself.
    163: "acct", 167: "swapon", 168: "swapoff", 169: "reboot", 170: "sethostname",
    171: "setdomainname", 172: "iopl", 173: "ioperm", 103: "syslog", 164: "settimeofday",
    227: "clock_settime", 159: "adjtimex", 305: "clock_adjtime", 175: "init_module",
    176: "delete_module", 313: "finit_module", 246: "kexec_load", 320: "kexec_file_load",
    153: "vhangup", 256: "migrate_pages", 279: "move_pages", 136: "ustat", 134: "uselib",
    139: "sysfs", 156: "_sysctl", 212: "lookup_dcookie",
  ]

  /// Calls that do not exist for a sealed process: libraries fall back to what is checked.
  static let absent: [ClosedRange<Int>] = [
    // clone3 and openat2 take their flags and modes by pointer, where a filter cannot look.
    435...435, 437...437,
    // Never implemented or gone.
    174...174, 177...178, 180...185, 236...236, 215...215, 214...214,
    // Numbers that x86-64 does not use, and the x32 range.
    335...423,
    // statmount, listmount, listns and later.
    457...458, 470...1023,
  ]
}
