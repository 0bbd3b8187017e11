import Sandbox

/// The bytes of the caller's arguments and environment. A `String` holds only UTF-8: what is none
/// reads with replacement characters, and a command must not be given another file's name.
enum CallerBytes {
  /// The command's arguments as they were given, or nil where the texts are what was given or where
  /// they are not the last of this process's.
  static func arguments(of command: [String]) -> [[UInt8]]? {
    guard command.contains(where: { $0.contains("\u{FFFD}") }) else { return nil }
    let all = entries("/proc/self/cmdline").suffix(command.count)
    guard all.map({ String(decoding: $0, as: UTF8.self) }) == command else { return nil }
    return Array(all)
  }

  /// Those entries `NAME=value` of the environment that are no UTF-8, by how they read.
  static func environment() -> [String: [UInt8]] {
    var found: [String: [UInt8]] = [:]
    for entry in entries("/proc/self/environ") {
      let text = String(decoding: entry, as: UTF8.self)
      if !text.utf8.elementsEqual(entry) { found[text] = entry }
    }
    return found
  }

  private static func entries(_ path: String) -> [[UInt8]] {
    var parts = (HostTree.bytes(path) ?? [])
      .split(separator: 0, omittingEmptySubsequences: false).map(Array.init)
    // Each ends with a NUL.
    if parts.last?.isEmpty == true { parts.removeLast() }
    return parts
  }
}
