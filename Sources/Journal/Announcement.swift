import Foundation
package import SystemPackage

/// Where a process of ours listens, as it says itself in a file of the runtime directory.
///
/// The directory is one that nobody else may write. What a process that died left names one that is
/// no more, and is not believed.
package struct Announcement: Sendable, Equatable {
  package let host: String
  package let port: UInt16

  private struct Content: Codable {
    let pid: Int32
    let start: UInt64
    let host: String
    let port: UInt16
  }

  package init(host: String, port: UInt16) {
    self.host = host
    self.port = port
  }

  /// Nil where nobody is there.
  package init?(readFrom file: FilePath) {
    guard let data = FileManager.default.contents(atPath: file.string),
      let content = try? JSONDecoder().decode(Content.self, from: data),
      ProcessIdentity.look(up: content.pid) == .running(start: content.start)
    else { return nil }
    self.init(host: content.host, port: content.port)
  }

  /// Says it for this process.
  package func write(to file: FilePath) throws {
    let own = ProcessIdentity.current()
    let content = Content(pid: own.pid, start: own.start, host: host, port: port)
    try JSONEncoder().encode(content).write(to: URL(filePath: file.string), options: .atomic)
  }

  package static func remove(_ file: FilePath) {
    try? FileManager.default.removeItem(atPath: file.string)
  }
}
