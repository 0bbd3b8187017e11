import Foundation

/// What the command tells this process, once, through descriptor 3.
struct GatewaySetup: Decodable {
  let document: String
  let file: String
  let catalogue: String?
  let keys: [String: String]
  let state: String
  let announcement: String
  let listen: String?
  let logs: Bool
  /// Whether a daemon keeps it.
  let isKept: Bool
  /// The models of this machine; nil where none are served.
  let engine: Engine?

  /// An engine that was started, and what it serves.
  struct Engine: Decodable {
    struct Model: Decodable {
      let name: String
      let isDefault: Bool
      let context: Int?
      let capabilities: [String]
    }

    let socket: String
    let models: [Model]
  }

  private static let longest = 64 << 20

  /// Reads it and closes the descriptor, so that nothing that is opened later can be mistaken for it.
  static func read() throws -> GatewaySetup {
    let handle = FileHandle(fileDescriptor: 3, closeOnDealloc: true)
    guard let data = try handle.read(upToCount: longest), !data.isEmpty else {
      throw StartError("start it with: caisson gateway")
    }
    return try JSONDecoder().decode(GatewaySetup.self, from: data)
  }
}

struct StartError: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) {
    self.description = description
  }
}
