import Glibc
import SystemPackage

/// What a run may be given as its standard input.
enum StandardInput {
  /// Replaces a file by a private copy, and refuses a directory and a socket that could be led
  /// elsewhere.
  ///
  /// A descriptor carries more than its bytes: through one, mode, times and attributes of the
  /// caller's own file could be changed, a directory would be a door past the new root, and a
  /// socket of the host's network can be connected anew, to whatever the host reaches.
  static func makePrivate(in directory: FilePath) throws {
    var status = stat()
    for (number, name) in [
      (Int32(0), "standard input"), (1, "standard output"), (2, "standard error"),
    ]
    where fstat(number, &status) == 0 {
      let kind: String
      switch status.st_mode & S_IFMT {
      case S_IFDIR: kind = "a directory"
      case S_IFSOCK where !isPair(number): kind = "a socket that can be connected elsewhere"
      default: continue
      }
      throw RunSession.Refusal.policy(
        "\(name) is \(kind), which would let the run past its walls; "
          + "redirect it to a pipe, a file or /dev/null"
      )
    }
    guard fstat(0, &status) == 0 else { return }
    switch status.st_mode & S_IFMT {
    case S_IFREG where fcntl(0, F_GETFL) & O_ACCMODE == O_WRONLY:
      let nothing = open("/dev/null", O_WRONLY | O_CLOEXEC)
      defer { close(nothing) }
      guard nothing >= 0, dup2(nothing, 0) == 0 else {
        throw failure("cannot replace standard input")
      }
    // Also one that can be written: what is read is given, the file itself is not.
    case S_IFREG: try copy(into: directory)
    default: break
    }
  }

  /// Whether a socket is a connected one of this machine, as parents give to their children. It
  /// can neither be connected again nor send elsewhere.
  private static func isPair(_ number: Int32) -> Bool {
    var kind: Int32 = 0
    var size = socklen_t(MemoryLayout<Int32>.size)
    guard getsockopt(number, SOL_SOCKET, SO_DOMAIN, &kind, &size) == 0, kind == AF_UNIX,
      getsockopt(number, SOL_SOCKET, SO_TYPE, &kind, &size) == 0,
      kind != Int32(SOCK_DGRAM.rawValue)
    else { return false }
    var address = sockaddr_storage()
    size = socklen_t(MemoryLayout<sockaddr_storage>.size)
    return withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getpeername(number, $0, &size) }
    } == 0
  }

  private static func copy(into directory: FilePath) throws {
    // __O_TMPFILE | O_DIRECTORY: a file without a name, gone with its last descriptor.
    let unnamed: Int32 = 0o20000000 | O_DIRECTORY
    let copy = open(directory.string, unnamed | O_RDWR | O_CLOEXEC, 0o400)
    guard copy >= 0 else { throw failure("cannot make a private copy of standard input") }
    defer { close(copy) }
    while true {
      let count = sendfile(copy, 0, nil, 1 << 30)
      if count == 0 { break }
      if count < 0 {
        if errno == EINTR { continue }
        throw failure("cannot copy standard input into \(directory)")
      }
    }
    let readOnly = open("/proc/self/fd/\(copy)", O_RDONLY | O_CLOEXEC)
    guard readOnly >= 0 else { throw failure("cannot open the copy of standard input") }
    defer { close(readOnly) }
    guard dup2(readOnly, 0) == 0 else { throw failure("cannot replace standard input") }
  }

  private static func failure(_ what: String) -> RunSession.Refusal {
    .failed("\(what): \(String(cString: strerror(errno)))")
  }
}
