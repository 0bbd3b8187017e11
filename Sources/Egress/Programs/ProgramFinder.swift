import FoundationEssentials
import Glibc

/// Finds which process of the run holds a socket, from outside the run.
///
/// What it finds is for the record and decides nothing: a program may be made to do what another one
/// wants, and may run another program between the question and the answer.
package struct ProgramFinder {
  /// A process, and the file that it runs, open as long as this lives.
  package struct Found: Sendable {
    package let path: String
    package let pid: Int32
    package let outsidePID: Int32
    package let file: ProgramFile?
  }

  package enum Outcome: Sendable {
    case found(Found)
    /// No process that can be looked at holds it.
    case none
    /// Time was over.
    case unfinished
  }

  private let first: Int32
  private let limit: Duration
  private let identify: @Sendable (Int32) -> ProgramFile.Identity?
  /// Whoever connected a moment ago is likely to connect again.
  private var recent: [Int32] = []

  private static let mostProcesses = 4_096
  private static let mostRecent = 8

  /// - Parameters:
  ///   - first: PID 1 of the run, as it is numbered here.
  ///   - limit: how long one search may take.
  ///   - identify: gives the identity of an open file; nil for what is no regular one.
  package init(
    first: Int32,
    limit: Duration = .milliseconds(250),
    identify: @escaping @Sendable (Int32) -> ProgramFile.Identity?
  ) {
    self.identify = identify
    self.first = first
    self.limit = limit
  }

  /// The process of the run that holds a socket.
  package mutating func holder(of inode: UInt32) -> Outcome {
    let deadline = ContinuousClock.now + limit
    let wanted = Array("socket:[\(inode)]".utf8)
    var tried: Set<Int32> = []
    for pid in recent where descends(pid) {
      tried.insert(pid)
      if let found = look(pid, wanted, deadline) { return .found(found) }
    }
    var waiting = children(of: first)
    var next = 0
    while next < waiting.count {
      guard next < Self.mostProcesses, ContinuousClock.now < deadline else { return .unfinished }
      let pid = waiting[next]
      next += 1
      if tried.insert(pid).inserted, let found = look(pid, wanted, deadline) {
        recent.removeAll { $0 == pid }
        recent.insert(pid, at: 0)
        if recent.count > Self.mostRecent { recent.removeLast() }
        return .found(found)
      }
      waiting += children(of: pid)
    }
    return ContinuousClock.now < deadline ? .none : .unfinished
  }

  // MARK: - One process

  private func look(
    _ pid: Int32,
    _ wanted: [UInt8],
    _ deadline: ContinuousClock.Instant
  ) -> Found? {
    // What is opened below this belongs to that very process, or fails: its number may be another's
    // by then.
    let directory = open("/proc/\(pid)", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard directory >= 0 else { return nil }
    defer { close(directory) }
    guard holds(directory, wanted, deadline), let path = Self.link(directory, "exe"),
      let status = Self.text(directory, "status"), let inside = Self.innermost(status)
    else { return nil }
    return Found(
      path: String(decoding: path, as: UTF8.self),
      pid: inside,
      outsidePID: pid,
      file: ProgramFile(openat(directory, "exe", O_RDONLY | O_CLOEXEC | O_NONBLOCK), identify)
    )
  }

  private func holds(
    _ directory: Int32,
    _ wanted: [UInt8],
    _ deadline: ContinuousClock.Instant
  ) -> Bool {
    let list = openat(directory, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard list >= 0 else { return false }
    guard let entries = fdopendir(list) else {
      close(list)
      return false
    }
    defer { closedir(entries) }
    while let entry = readdir(entries) {
      if ContinuousClock.now >= deadline { return false }
      let isWanted = withUnsafePointer(to: &entry.pointee.d_name) { name in
        name.withMemoryRebound(to: CChar.self, capacity: 256) {
          Self.link(list, $0, longest: 64) == wanted
        }
      }
      if isWanted { return true }
    }
    return false
  }

  /// Whether the number still stands for a process of the run.
  private func descends(_ pid: Int32) -> Bool {
    var current = pid
    for _ in 0..<64 where current > 1 {
      if current == first { return true }
      guard let status = Self.text(AT_FDCWD, "/proc/\(current)/status"),
        let parent = Self.numbers(status, "PPid:").first
      else { return false }
      current = parent
    }
    return false
  }

  private func children(of pid: Int32) -> [Int32] {
    guard let tasks = opendir("/proc/\(pid)/task") else { return [] }
    defer { closedir(tasks) }
    var found: [Int32] = []
    while let entry = readdir(tasks), found.count < Self.mostProcesses {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { name in
        name.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      guard let task = Int32(name),
        let text = Self.text(AT_FDCWD, "/proc/\(pid)/task/\(task)/children")
      else { continue }
      found += text.split(separator: 0x20).compactMap(Self.number)
    }
    return found
  }

  // MARK: - Files of /proc

  private static func link(
    _ directory: Int32,
    _ name: UnsafePointer<CChar>,
    longest: Int = 4_096
  ) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: longest)
    let count = bytes.withUnsafeMutableBytes { buffer in
      readlinkat(directory, name, buffer.assumingMemoryBound(to: CChar.self).baseAddress!, longest)
    }
    return count > 0 ? Array(bytes[..<count]) : nil
  }

  private static func text(_ directory: Int32, _ name: String) -> [UInt8]? {
    let file = openat(directory, name, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var text: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 8_192)
    while text.count < 1 << 20 {
      let count = read(file, &chunk, chunk.count)
      guard count >= 0 else { return nil }
      if count == 0 { break }
      text += chunk[..<count]
    }
    return text
  }

  /// The number that a process has in the innermost namespace it is in.
  private static func innermost(_ status: [UInt8]) -> Int32? { numbers(status, "NSpid:").last }

  private static func numbers(_ status: [UInt8], _ field: String) -> [Int32] {
    let name = Array(field.utf8)
    guard let line = status.split(separator: 0x0A).first(where: { $0.starts(with: name) }) else {
      return []
    }
    return line.dropFirst(name.count).split(separator: 0x09).compactMap(number)
  }

  private static func number(_ digits: ArraySlice<UInt8>) -> Int32? {
    Int32(String(decoding: digits.filter { $0 != 0x0A && $0 != 0x20 }, as: UTF8.self))
  }
}
