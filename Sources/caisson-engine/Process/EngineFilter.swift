import CLinux
import Glibc

/// The system calls that an engine is left with: those that compute, read what it has, and answer on the
/// connections that come to it.
///
/// It opens no socket of any kind, starts no program and no process, signals and looks into none but
/// itself, and changes nothing of files that are not open. What it asks for beyond that is refused with
/// EPERM. Holds for this thread and those that it makes.
enum EngineFilter {
  #if arch(x86_64)
    private static let architecture: UInt32 = 0xC000_003E  // AUDIT_ARCH_X86_64
    private static let x32Bit: UInt32 = 0x4000_0000
    /// The highest number that is known here; of those beyond it the C library has to do without.
    private static let last: UInt32 = 469

    /// Refused, by the numbers of the kernel's `arch/x86/entry/syscalls/syscall_64.tbl`.
    private static let refused: [UInt32] = [
      // Sockets: socket, connect, bind, socketpair. Those that it has it listens on, and accepts from.
      41, 42, 49, 53,
      // Programs and processes: fork, vfork, execve, execveat, unshare, setns.
      57, 58, 59, 322, 272, 308,
      // Others' state: ptrace, process_vm_readv and _writev, kcmp, pidfd_open, pidfd_send_signal,
      // pidfd_getfd, process_madvise, process_mrelease, tkill, rt_sigqueueinfo, rt_tgsigqueueinfo.
      101, 310, 311, 312, 434, 424, 438, 440, 448, 200, 129, 297,
      // What others share: memory, semaphores and queues of System V, and POSIX's queues.
      29, 30, 31, 67, 64, 65, 66, 220, 68, 69, 70, 71, 240, 241, 242, 243, 244, 245,
      // What files are, where Landlock looks at their content alone: modes, owners, attributes, times.
      90, 91, 268, 452, 92, 93, 94, 260, 188, 189, 190, 197, 198, 199, 463, 466, 469, 132, 235, 261,
      280,
      // Mounts, roots, handles of files: pivot_root, chroot, mount, umount2, open_tree to fspick,
      // mount_setattr, open_tree_attr, name_to_handle_at, open_by_handle_at, quotactl, fanotify.
      155, 161, 165, 166, 428, 429, 430, 431, 432, 433, 442, 467, 303, 304, 179, 443, 300, 301,
      // Large surfaces of the kernel: io_uring, bpf, userfaultfd, perf_event_open, modify_ldt, keys.
      425, 426, 427, 321, 323, 298, 154, 248, 249, 250,
      // The machine: acct, swap, reboot, names, ports, syslog, clocks, modules, kexec, vhangup, pages.
      163, 167, 168, 169, 170, 171, 172, 173, 103, 164, 227, 159, 305, 175, 176, 313, 246, 320, 153,
      256, 279, 135,
    ]
    /// Refused where the process in their first argument is another: kill, tgkill; and prlimit64, where
    /// none stands for its own.
    private static let ofProcesses: [(number: UInt32, noneIsOwn: Bool)] = [
      (62, false), (234, false), (302, true),
    ]
    private static let clone: UInt32 = 56
    private static let clone3: UInt32 = 435

    static func install() -> CInt? {
      let program = program(for: UInt32(getpid()))
      return cl_seccomp_install(program, UInt16(program.count), 0)
    }

    private static func program(for process: UInt32) -> [cl_filter] {
      // Offsets into `struct seccomp_data`, and what a filter gives.
      let (number, machine, first): (UInt32, UInt32, UInt32) = (0, 4, 16)
      let allow: UInt32 = 0x7FFF_0000
      let (refuse, absent) = (
        UInt32(0x0005_0000) | UInt32(EPERM), UInt32(0x0005_0000) | UInt32(ENOSYS)
      )
      func load(_ offset: UInt32) -> cl_filter { filter(0x20, offset) }
      func give(_ value: UInt32) -> cl_filter { filter(0x06, value) }
      func filter(_ code: UInt16, _ value: UInt32, _ yes: UInt8 = 0, _ no: UInt8 = 0) -> cl_filter {
        cl_filter(code: code, if_true: yes, if_false: no, operand: value)
      }
      func skipUnless(_ value: UInt32, _ count: UInt8) -> cl_filter {
        filter(0x15, value, 0, count)
      }
      func skipIf(_ value: UInt32, _ count: UInt8) -> cl_filter { filter(0x15, value, count, 0) }
      // Calls of other kinds have other numbers: none of them is known here, so none passes.
      var program = [load(machine), skipIf(architecture, 1), give(refuse), load(number)]
      program += [filter(0x35, x32Bit, 0, 1), give(refuse), filter(0x25, last, 0, 1), give(absent)]
      for number in refused { program += [skipUnless(number, 1), give(refuse)] }
      // Threads alone. clone3 has its flags in memory, where a filter cannot look: the C library asks by
      // clone then.
      program += [skipUnless(clone3, 1), give(absent)]
      program += [skipUnless(clone, 4), load(first), filter(0x45, 0x10000, 0, 1)]
      program += [give(allow), give(refuse)]
      for (number, noneIsOwn) in ofProcesses {
        program += [skipUnless(number, 5), load(first), skipIf(process, 2)]
        program += [skipIf(noneIsOwn ? 0 : process, 1), give(refuse), give(allow)]
      }
      return program + [give(allow)]
    }
  #else
    /// The numbers of this kind of processor are not known here.
    static func install() -> CInt? { nil }
  #endif
}
