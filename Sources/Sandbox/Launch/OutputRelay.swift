internal import CLinux
internal import Glibc

/// Carries what a run prints into the caller's files, so that the run never holds one of them.
///
/// A descriptor carries more than its place in a file: through one, `caisson run … >> log` would let
/// the run rewrite and cut off what the log held before, and change its mode. So where standard
/// output or standard error is a file, the run gets the write end of a pipe. Pipes, sockets and
/// character devices are passed on as they are; terminals are `TerminalRelay`'s.
package struct OutputRelay: ~Copyable {
  /// A file that could not take all that the run printed.
  package struct Failure: Sendable, Equatable {
    /// 1 or 2.
    package var descriptor: Int32
    package var error: Int32
  }

  private struct Channel {
    /// The caller's file: 1 or 2.
    var target: Int32
    var reading: Int32
  }

  private static let bytesAtOnce = 256 << 10

  private var channels: [Channel] = []
  /// What the launcher is given in the place of a descriptor.
  private(set) var replacements: [(descriptor: Int32, end: Int32)] = []
  private(set) var failure: Failure?
  private var buffer: [UInt8] = []

  /// Makes the pipes that this process's own descriptors 1 and 2 call for: none, mostly.
  package init() throws(SandboxError) {
    var first: cl_status?
    for number: Int32 in 1...2 {
      var status = cl_status()
      guard cl_stat(number, "", Int32(CL_AT_EMPTY_PATH), &status) == 0,
        !Self.isPassedOn(status.mode)
      else { continue }
      guard fcntl(number, F_GETFL) & O_ACCMODE != O_RDONLY else {
        // Nothing can be written to it, neither here nor there.
        replacements.append((number, try Self.open("/dev/null", CL_O_RDONLY)))
        continue
      }
      // One pipe for one file, else the order of what is printed would be lost.
      if let first, first.device == status.device, first.inode == status.inode {
        replacements += replacements.filter { $0.descriptor == 1 }.map { (2, $0.end) }
        continue
      }
      first = status
      var ends: [Int32] = [-1, -1]
      let made = cl_pipe(&ends)
      guard made == 0 else { throw .system(call: "pipe", error: -made) }
      channels.append(Channel(target: number, reading: ends[0]))
      replacements.append((number, ends[1]))
      _ = cl_set_nonblocking(ends[0], 1)
      // Where that is refused the pipe stays small, and works.
      _ = fcntl(ends[1], Self.setPipeSize, Int32(Self.bytesAtOnce))
      // /dev/stdout is opened anew, by the run's own uid.
      _ = fchmod(ends[1], 0o222)
    }
    guard !channels.isEmpty else { return }
    // A file that may grow no further is an error to report, not the supervisor's death.
    _ = cl_ignore_signal(SIGXFSZ)
    _ = cl_ignore_signal(SIGPIPE)
  }

  /// Nothing is relayed: for a launcher that is given descriptors of its own.
  package init(none: Void) {}

  deinit {
    for channel in channels { _ = cl_close(channel.reading) }
    Self.close(replacements)
  }

  /// Lets go of what the launcher has now: a pipe ends with its last writer.
  mutating func closeReplacements() {
    Self.close(replacements)
    replacements = []
  }

  /// One end may stand for both descriptors.
  private static func close(_ replacements: [(descriptor: Int32, end: Int32)]) {
    for (index, replacement) in replacements.enumerated()
    where !replacements[..<index].contains(where: { $0.end == replacement.end }) {
      _ = cl_close(replacement.end)
    }
  }

  /// The pipes to wait for.
  var wanted: [Int32] { channels.map(\.reading) }

  /// Carries what a pipe holds, or part of it.
  mutating func carry(_ reading: Int32) {
    guard let index = channels.firstIndex(where: { $0.reading == reading }) else { return }
    if carry(index, atMost: Self.bytesAtOnce) == nil {
      _ = cl_close(reading)
      channels.remove(at: index)
    }
  }

  /// Carries the rest, once no process of the run is left.
  ///
  /// No more than lies there now: the run may have handed its end to someone who goes on writing.
  mutating func drain() {
    for index in channels.indices {
      var rest: Int32 = 0
      guard ioctl(channels[index].reading, UInt(FIONREAD), &rest) == 0 else { continue }
      while rest > 0, let count = carry(index, atMost: Int(rest)), count > 0 {
        rest -= Int32(clamping: count)
      }
    }
  }

  /// Copies once; the number of bytes, or nil where nothing can follow.
  private mutating func carry(_ index: Int, atMost most: Int) -> Int? {
    if buffer.isEmpty { buffer = [UInt8](repeating: 0, count: Self.bytesAtOnce) }
    let channel = channels[index]
    let count = cl_read(channel.reading, &buffer, min(most, buffer.count))
    if count == -Int(EAGAIN) { return 0 }
    guard count > 0 else { return nil }
    var done = 0
    while done < count {
      let written = buffer.withUnsafeBytes {
        cl_write(channel.target, $0.baseAddress.map { $0 + done }, count - done)
      }
      guard written > 0 else {
        // Said once, at the end; the run meets a closed pipe.
        let error = written < 0 ? Int32(clamping: -written) : EIO
        failure = failure ?? Failure(descriptor: channel.target, error: error)
        return nil
      }
      done += written
    }
    return count
  }

  /// What holds nothing that was there before the run.
  private static func isPassedOn(_ mode: UInt32) -> Bool {
    [S_IFIFO, S_IFSOCK, S_IFCHR].contains(mode & S_IFMT)
  }

  /// F_SETPIPE_SZ, which the C library's module leaves out.
  private static let setPipeSize: Int32 = 1031

  private static func open(_ path: String, _ flags: Int) throws(SandboxError) -> Int32 {
    let number = cl_open(Int32(CL_AT_FDCWD), path, Int32(flags), 0)
    guard number >= 0 else { throw .system(call: "open \(path)", error: -number) }
    return number
  }
}
