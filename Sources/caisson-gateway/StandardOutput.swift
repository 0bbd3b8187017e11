import Glibc

/// Lines for the operator on standard error, and of the log on standard output.
struct StandardOutput: Sendable {
  func say(_ line: String) {
    write(Array("caisson: \(line)\n".utf8), to: 2)
  }

  /// What cannot be written is left out: a log that nobody reads stops no call.
  func log(_ line: [UInt8]) {
    write(line, to: 1)
  }

  private func write(_ bytes: [UInt8], to descriptor: CInt) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return }
      rest = rest.dropFirst(count)
    }
  }
}
