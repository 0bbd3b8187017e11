import Foundation
import Subprocess

/// The checkout that these tests belong to.
enum House {
  static let root: URL = (0..<3).reduce(URL(filePath: #filePath)) { url, _ in
    url.deletingLastPathComponent()
  }

  static func text(_ path: String) throws -> String {
    try String(contentsOf: root.appending(path: path), encoding: .utf8)
  }

  /// Whether git knows these files: a source archive is tested without what only git can tell.
  static let isCheckout = FileManager.default.fileExists(atPath: root.appending(path: ".git").path)

  /// The files that git tracks, relative to the root.
  static func trackedFiles() async throws -> [String] {
    let result = try await Subprocess.run(
      .name("git"),
      // Another user may run the tests of a checkout that is not theirs.
      arguments: ["-c", "safe.directory=*", "-C", .init(root.path), "ls-files", "-z"],
      output: .string(limit: 16 << 20),
      error: .string(limit: 1 << 16)
    )
    guard result.terminationStatus.isSuccess else { throw Failure(result.standardError) }
    return result.standardOutput.split(separator: "\0").map(String.init)
      .filter { FileManager.default.fileExists(atPath: root.appending(path: $0).path) }
  }

  /// The files under a folder whose names end in `suffix`, relative to the root.
  static func files(under folder: String, suffix: String) throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: root.appending(path: folder).path)
      .filter { $0.hasSuffix(suffix) }.map { "\(folder)/\($0)" }.sorted()
  }

  struct Failure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
      self.description = description
    }
  }
}
