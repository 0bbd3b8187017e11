/// What is asked of the service inside.
package enum Request: Sendable, Equatable {
  case run(RunRequest)
  /// Ends the command of another call.
  case cancel(UInt64)
  /// A part of a file, or the names in a directory.
  case read(path: [UInt8], offset: UInt64, count: UInt32)
  case write(WriteRequest)
  /// Brings what was written in the workspace to the disk.
  case sync
  case stat(path: [UInt8])
  /// For the standard input of a command that talks. Answered once the command's pipe has taken it, so
  /// that what is under way is bounded by who asks.
  case input(InputRequest)
  /// A command that talks may say so much more.
  case allow(command: UInt64, bytes: UInt32)
}

/// What is written to a command that talks.
package struct InputRequest: Sendable, Equatable {
  /// The number of its call.
  package var command: UInt64
  package var bytes: [UInt8]
  /// Whether its input ends there.
  package var isLast: Bool

  package init(command: UInt64, bytes: [UInt8], isLast: Bool = false) {
    self.command = command
    self.bytes = bytes
    self.isLast = isLast
  }
}

/// A command for the shell.
package struct RunRequest: Sendable, Equatable {
  package var command: [UInt8]
  /// Relative to the workspace, or absolute.
  package var directory: [UInt8]
  /// How long it may take.
  package var milliseconds: UInt32
  /// How much of its output is kept of the beginning, and of the end.
  package var headBytes, tailBytes: UInt32
  /// Whether its output is wanted while it runs.
  package var follows: Bool
  /// How much it may say before it is allowed more; 0 for a command that does not talk.
  ///
  /// One that talks has a standard input that lasts, and a standard output of its own, of which nothing
  /// is lost; what the other fields say of output then holds for its standard error.
  package var window: UInt32

  package init(
    command: [UInt8],
    directory: [UInt8] = [],
    milliseconds: UInt32,
    headBytes: UInt32,
    tailBytes: UInt32,
    follows: Bool = false,
    window: UInt32 = 0
  ) {
    self.command = command
    self.directory = directory
    self.milliseconds = milliseconds
    self.headBytes = headBytes
    self.tailBytes = tailBytes
    self.follows = follows
    self.window = window
  }
}

/// A file's new content, as a whole.
package struct WriteRequest: Sendable, Equatable {
  package var path: [UInt8]
  package var bytes: [UInt8]
  /// Permissions; nil keeps those of the file that is there, or gives 0644.
  package var mode: UInt32?
  package var expected: ExpectedFile

  package init(
    path: [UInt8],
    bytes: [UInt8],
    mode: UInt32? = nil,
    expected: ExpectedFile = .anything
  ) {
    self.path = path
    self.bytes = bytes
    self.mode = mode
    self.expected = expected
  }
}

/// What has to be at a path, else nothing is written there.
package enum ExpectedFile: Sendable, Equatable {
  case anything
  case nothing
  case unchanged(FileToken)
}

/// What tells one state of a file from another.
package struct FileToken: Sendable, Hashable {
  package var size, inode: UInt64
  /// Nanoseconds since 1970.
  package var modified: UInt64

  package init(size: UInt64, modified: UInt64, inode: UInt64) {
    self.size = size
    self.modified = modified
    self.inode = inode
  }
}

// MARK: - Coding

extension Request {
  private enum Kind: UInt8 {
    case run = 1
    case cancel, read, write, sync, stat, input, allow
  }

  /// The frame of this request.
  package func frame(id: UInt64) -> [UInt8] {
    switch self {
    case .run(let run):
      var writer = WireWriter(kind: Kind.run.rawValue, id: id)
      writer.data(run.command)
      writer.data(run.directory)
      writer.word(run.milliseconds)
      writer.word(run.headBytes)
      writer.word(run.tailBytes)
      writer.flag(run.follows)
      writer.word(run.window)
      return writer.frame()
    case .cancel(let other):
      var writer = WireWriter(kind: Kind.cancel.rawValue, id: id)
      writer.long(other)
      return writer.frame()
    case .read(let path, let offset, let count):
      var writer = WireWriter(kind: Kind.read.rawValue, id: id)
      writer.data(path)
      writer.long(offset)
      writer.word(count)
      return writer.frame()
    case .write(let write):
      var writer = WireWriter(kind: Kind.write.rawValue, id: id)
      writer.data(write.path)
      writer.data(write.bytes)
      writer.flag(write.mode != nil)
      writer.word(write.mode ?? 0)
      switch write.expected {
      case .anything: writer.byte(0)
      case .nothing: writer.byte(1)
      case .unchanged(let token):
        writer.byte(2)
        token.write(to: &writer)
      }
      return writer.frame()
    case .sync: return WireWriter(kind: Kind.sync.rawValue, id: id).frame()
    case .stat(let path):
      var writer = WireWriter(kind: Kind.stat.rawValue, id: id)
      writer.data(path)
      return writer.frame()
    case .input(let input):
      var writer = WireWriter(kind: Kind.input.rawValue, id: id)
      writer.long(input.command)
      writer.data(input.bytes)
      writer.flag(input.isLast)
      return writer.frame()
    case .allow(let command, let bytes):
      var writer = WireWriter(kind: Kind.allow.rawValue, id: id)
      writer.long(command)
      writer.word(bytes)
      return writer.frame()
    }
  }

  /// Reads a payload.
  package static func decode(_ payload: [UInt8]) throws(WireError) -> (id: UInt64, Request) {
    var reader = WireReader(payload)
    let number = try reader.byte()
    guard let kind = Kind(rawValue: number) else { throw .unknown(kind: number) }
    let id = try reader.long()
    let request: Request
    switch kind {
    case .run:
      request = .run(
        RunRequest(
          command: try reader.data(),
          directory: try reader.data(),
          milliseconds: try reader.word(),
          headBytes: try reader.word(),
          tailBytes: try reader.word(),
          follows: try reader.flag(),
          window: try reader.word()
        )
      )
    case .cancel: request = .cancel(try reader.long())
    case .read:
      request = .read(path: try reader.data(), offset: try reader.long(), count: try reader.word())
    case .write:
      let path = try reader.data()
      let bytes = try reader.data()
      let hasMode = try reader.flag()
      let mode = try reader.word()
      let expected: ExpectedFile
      switch try reader.byte() {
      case 0: expected = .anything
      case 1: expected = .nothing
      case 2: expected = .unchanged(try FileToken(from: &reader))
      default: throw .field
      }
      request = .write(
        WriteRequest(path: path, bytes: bytes, mode: hasMode ? mode : nil, expected: expected)
      )
    case .sync: request = .sync
    case .stat: request = .stat(path: try reader.data())
    case .input:
      request = .input(
        InputRequest(
          command: try reader.long(),
          bytes: try reader.data(),
          isLast: try reader.flag()
        )
      )
    case .allow:
      request = .allow(command: try reader.long(), bytes: try reader.word())
    }
    try reader.end()
    return (id, request)
  }
}

extension FileToken {
  init(from reader: inout WireReader) throws(WireError) {
    size = try reader.long()
    modified = try reader.long()
    inode = try reader.long()
  }

  func write(to writer: inout WireWriter) {
    writer.long(size)
    writer.long(modified)
    writer.long(inode)
  }
}
