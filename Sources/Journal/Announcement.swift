import Foundation
package import SystemPackage

/// Where a process of ours listens, as it says itself in a file of the runtime directory.
///
/// The directory is one that nobody else may write. What a process that died left names one that is
/// no more, and is not believed.
package struct Announcement: Sendable, Equatable {
  package let host: String
  package let port: UInt16
  /// Whether a daemon started it, and the next daemon is to end it.
  package let isKept: Bool

  private struct Content: Codable {
    let pid: Int32
    let start: UInt64
    let host: String
    let port: UInt16
    let isKept: Bool?
  }

  package init(host: String, port: UInt16, isKept: Bool = false) {
    self.host = host
    self.port = port
    self.isKept = isKept
  }

  /// Nil where nobody is there.
  package init?(readFrom file: FilePath) {
    guard let content = Self.content(of: file) else { return nil }
    self.init(host: content.host, port: content.port, isKept: content.isKept ?? false)
  }

  private static func content(of file: FilePath) -> Content? {
    guard let data = FileManager.default.contents(atPath: file.string),
      let content = try? JSONDecoder().decode(Content.self, from: data),
      ProcessIdentity.look(up: content.pid) == .running(start: content.start)
    else { return nil }
    return content
  }

  /// The process that said it, where it lives and a daemon started it.
  package static func keptProcess(in file: FilePath) -> Int32? {
    content(of: file).flatMap { $0.isKept == true ? $0.pid : nil }
  }

  /// Says it for this process.
  package func write(to file: FilePath) throws {
    let own = ProcessIdentity.current()
    let content = Content(pid: own.pid, start: own.start, host: host, port: port, isKept: isKept)
    try JSONEncoder().encode(content).write(to: URL(filePath: file.string), options: .atomic)
  }

  package static func remove(_ file: FilePath) {
    try? FileManager.default.removeItem(atPath: file.string)
  }
}
