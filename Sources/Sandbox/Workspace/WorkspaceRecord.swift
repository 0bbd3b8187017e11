package import SystemPackage

/// How a run saw its workspace.
package enum WorkspaceMode: String, Codable, Sendable, CaseIterable {
  /// Copy on write; changes are held in the run's state.
  case overlay
  /// A private copy, where the kernel refuses an overlay; changes are held in the run's state.
  case copy
  /// A private repository and work tree with a branch of its own; changes are held there.
  case branch
  /// The directory itself; nothing is held back.
  case direct
  /// No workspace.
  case none
}

/// What `runs/<id>/workspace.json` says: where a run's changes lie and what they are measured
/// against.
package struct WorkspaceRecord: Hashable, Sendable {
  package var run: RunID
  /// The workspace directory as it is on this machine, absolute.
  package var lower: FilePath
  /// The run's own directory, absolute: holds `upper/` and `work/` (or `copy/` and `snapshot`, or `tree/`).
  package var layer: FilePath
  package var mode: WorkspaceMode
  /// CLOCK_REALTIME_COARSE when the run started: a file of the workspace whose ctime is not before
  /// it was changed by someone else meanwhile.
  package var start: Timestamp

  package init(
    run: RunID,
    lower: FilePath,
    layer: FilePath,
    mode: WorkspaceMode,
    start: Timestamp
  ) {
    self.run = run
    self.lower = lower
    self.layer = layer
    self.mode = mode
    self.start = start
  }

  /// The directory whose tree holds the changes.
  package var changes: FilePath {
    switch mode {
    case .copy: layer.appending("copy")
    case .branch: layer.appending("tree")
    case .overlay, .direct, .none: layer.appending("upper")
    }
  }
}

extension WorkspaceRecord: Codable {
  private enum Key: String, CodingKey {
    case run, lower, layer, mode, startSeconds, startNanoseconds
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(run.text, forKey: .run)
    try container.encode(CodedPath(path: lower), forKey: .lower)
    try container.encode(CodedPath(path: layer), forKey: .layer)
    try container.encode(mode, forKey: .mode)
    try container.encode(start.seconds, forKey: .startSeconds)
    try container.encode(start.nanoseconds, forKey: .startNanoseconds)
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    let text = try container.decode(String.self, forKey: .run)
    guard let run = RunID(text) else {
      throw DecodingError.dataCorruptedError(
        forKey: .run,
        in: container,
        debugDescription: "'\(text)' is no run identifier"
      )
    }
    self.run = run
    lower = try container.decode(CodedPath.self, forKey: .lower).path
    layer = try container.decode(CodedPath.self, forKey: .layer).path
    mode = try container.decode(WorkspaceMode.self, forKey: .mode)
    start = Timestamp(
      seconds: try container.decode(Int64.self, forKey: .startSeconds),
      nanoseconds: try container.decode(UInt32.self, forKey: .startNanoseconds)
    )
  }
}

/// A path in JSON: text where it is UTF-8, an array of its bytes otherwise.
private struct CodedPath: Codable {
  let path: FilePath

  init(path: FilePath) { self.path = path }

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let text = try? container.decode(String.self) {
      path = FilePath(text)
    } else {
      path = FilePath(bytes: try container.decode([UInt8].self))
    }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    if let text = String(validating: path.bytes, as: UTF8.self) {
      try container.encode(text)
    } else {
      try container.encode(path.bytes)
    }
  }
}

extension FilePath {
  /// The path without its terminating zero.
  package var bytes: [UInt8] {
    withCString { pointer in
      var bytes: [UInt8] = []
      var cursor = pointer
      while cursor.pointee != 0 {
        bytes.append(UInt8(bitPattern: cursor.pointee))
        cursor += 1
      }
      return bytes
    }
  }

  package init(bytes: [UInt8]) {
    let characters = bytes.prefix { $0 != 0 }.map { CChar(bitPattern: $0) } + [0]
    self = characters.withUnsafeBufferPointer { buffer in
      buffer.baseAddress.map { FilePath(platformString: $0) } ?? FilePath("")
    }
  }
}
