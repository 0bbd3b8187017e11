import Foundation
import Journal

/// The file by which others of the same user find the gateway. It lies in a directory that nobody
/// else may write; what a gateway that died left names a process that is no more.
struct Announcement {
  let path: String

  private struct Content: Codable {
    let pid: Int32
    let start: UInt64
    let host: String
    let port: Int
  }

  func make(host: String, port: Int) throws {
    let own = ProcessIdentity.current()
    let content = Content(pid: own.pid, start: own.start, host: host, port: port)
    let data = try JSONEncoder().encode(content)
    do {
      try data.write(to: URL(filePath: path), options: .atomic)
    } catch {
      throw StartError("cannot write \(path): \(error.localizedDescription)")
    }
  }

  func remove() {
    try? FileManager.default.removeItem(atPath: path)
  }
}
