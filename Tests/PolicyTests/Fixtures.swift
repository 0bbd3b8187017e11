import Foundation

/// The files beside these tests.
enum Fixtures {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "Fixtures")

  static func names(in folder: String, ending: String) -> [String] {
    let path = root.appending(path: folder).path()
    let files = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    return files.filter { $0.hasSuffix(".\(ending)") }.map { String($0.dropLast(ending.count + 1)) }
      .sorted()
  }

  static func text(_ path: String) throws -> String {
    String(decoding: try Data(contentsOf: root.appending(path: path)), as: UTF8.self)
  }

  static func write(_ text: String, to path: String) throws {
    try Data(text.utf8).write(to: root.appending(path: path))
  }
}
