import Foundation

/// What this process is told, once, through descriptor 3.
struct EngineSetup: Decodable {
  struct Model: Decodable {
    let name: String
    let aliases: [String]
    /// All of its files, the first of which is opened.
    let files: [String]
    /// Whether the first of them may be a link to where it lies.
    let mayBeLink: Bool
    /// Where a request says nothing.
    let temperature: Double?
  }

  let models: [Model]
  /// Bytes that models may take together.
  let memory: Int
  /// Seconds that a model stays in memory after it was last used, where a request says nothing.
  let keepAlive: Double
  let threads: Int
  /// Tokens of a conversation, where a request says nothing.
  let context: Int
  /// Answers that one model gives at a time.
  let parallel: Int
  /// Requests that wait, over all models.
  let queue: Int
  /// The directory in which files are written: weights in the order in which they are read.
  let cache: String

  /// Where it is, and where the socket is on which it listens.
  static let descriptor: CInt = 3
  static let listener: CInt = 4

  private static let longest = 4 << 20

  /// The descriptor is one memory that several processes may read one after the other.
  static func read() throws -> EngineSetup {
    let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    try? handle.seek(toOffset: 0)
    guard let data = try? handle.read(upToCount: longest), !data.isEmpty else {
      throw StartError("start it with: caisson gateway, or caisson chat")
    }
    return try JSONDecoder().decode(EngineSetup.self, from: data)
  }
}

struct StartError: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) {
    self.description = description
  }
}
