import Foundation
package import Policy

extension AgentFiles {
  /// Those of a directory on this machine's disk.
  package init(directory: String) {
    self.init(
      directory: directory,
      read: { path in
        guard FileManager.default.fileExists(atPath: path) else { return .none }
        return FileManager.default.contents(atPath: path).map {
          .text(String(decoding: $0, as: UTF8.self))
        } ?? .unreadable
      },
      list: { (try? FileManager.default.contentsOfDirectory(atPath: $0)) ?? [] }
    )
  }
}
