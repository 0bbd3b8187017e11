import Foundation
import SystemPackage
import WorkWire

/// What is kept of a session with an editor, so that it can be taken up again: which assignments it gave.
struct EditorRecord: Codable {
  let session: String
  let directory: String
  var assignments: [Given] = []

  struct Given: Codable {
    let id: String
    /// What the person wrote; the assignment's own text may hold more.
    let prompt: String
    /// How its changes were decided on: `taken`, `left`, or nothing yet.
    var changes: String?
  }

  static let mostAssignments = 500
  private static let longestPrompt = 100_000

  init(session: String, directory: String) {
    self.session = session
    self.directory = directory
  }

  mutating func add(_ id: String, _ prompt: String) {
    assignments.append(Given(id: id, prompt: prompt.cut(Self.longestPrompt)))
    if assignments.count > Self.mostAssignments { assignments.removeFirst() }
  }

  mutating func settle(_ id: String, _ changes: String) {
    guard let place = assignments.lastIndex(where: { $0.id == id }) else { return }
    assignments[place].changes = changes
  }

  // MARK: On the disk

  private static func file(_ session: String, _ home: Home) -> FilePath {
    home.state.appending("editor").appending(session + ".json")
  }

  /// Nil where there is none of that name, or what there is cannot be read.
  static func load(_ session: String, _ home: Home) -> EditorRecord? {
    let isName = session.utf8.allSatisfy { byte in
      (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte)
    }
    guard isName, (1...64).contains(session.utf8.count),
      let data = FileManager.default.contents(atPath: file(session, home).string)
    else { return nil }
    return try? JSONDecoder().decode(EditorRecord.self, from: data)
  }

  func save(_ home: Home) throws {
    try home.prepareState()
    _ = try Home.prepare(home.state.appending("editor"))
    let path = Self.file(session, home).string
    try JSONEncoder().encode(self).write(to: URL(filePath: path), options: .atomic)
  }
}
