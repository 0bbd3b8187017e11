/// What the service inside says to a request, once.
package enum Answer: Sendable, Equatable {
  case ran(RanCommand)
  case content(FileStatusInside, bytes: [UInt8])
  case listing(FileStatusInside, names: [ListedName], isComplete: Bool)
  case status(FileStatusInside)
  case written(FileToken)
  case done
  case failed(ServiceFailure)
}

/// How a command went.
package struct RanCommand: Sendable, Equatable {
  package enum End: Sendable, Equatable {
    case exited(Int32)
    case signalled(Int32)
    case timedOut
    case cancelled
    /// The shell could not be started: an errno.
    case notStarted(Int32)
  }

  package var end: End
  package var milliseconds: UInt64
  /// Bytes of standard output and standard error together.
  package var total: UInt64
  package var head, tail: [UInt8]

  package init(
    end: End,
    milliseconds: UInt64,
    total: UInt64 = 0,
    head: [UInt8] = [],
    tail: [UInt8] = []
  ) {
    self.end = end
    self.milliseconds = milliseconds
    self.total = total
    self.head = head
    self.tail = tail
  }
}

/// What lies at a path inside.
package struct FileStatusInside: Sendable, Equatable {
  package enum Kind: UInt8, Sendable {
    case file = 0
    case directory, link, fifo, socket, characterDevice, blockDevice, unknown
  }

  package var kind: Kind
  package var mode: UInt32
  package var token: FileToken

  package init(kind: Kind, mode: UInt32, token: FileToken) {
    self.kind = kind
    self.mode = mode
    self.token = token
  }
}

/// A name in a directory, which need not be UTF-8.
package struct ListedName: Sendable, Equatable {
  package var kind: FileStatusInside.Kind
  package var name: [UInt8]

  package init(kind: FileStatusInside.Kind, name: [UInt8]) {
    self.kind = kind
    self.name = name
  }
}

/// Why a request was not done. No text comes from inside: whoever asked knows what it was about.
package enum ServiceFailure: Sendable, Equatable {
  /// A system call's errno.
  case system(Int32)
  /// The file is not the one that was expected.
  case changed
  /// Neither a regular file nor a directory.
  case notAFile(FileStatusInside.Kind)
  /// More commands than run at a time.
  case busy
  /// A request that cannot be meant so, such as a path with a NUL.
  case malformed
}

/// All that the service sends.
package enum ServiceMessage: Sendable, Equatable {
  case greeting(version: UInt32)
  case answer(id: UInt64, Answer)
  /// Output of a command that still runs; `skipped` bytes before it were too many to be sent.
  case output(id: UInt64, skipped: UInt64, bytes: [UInt8])
  /// Standard output of a command that talks, all of it, in order, and before its answer.
  case said(id: UInt64, bytes: [UInt8])
}

// MARK: - Coding

extension ServiceMessage {
  private enum Kind: UInt8 {
    case greeting = 64
    case output, ran, content, listing, status, written, done, failed, said
  }

  package var frame: [UInt8] {
    switch self {
    case .greeting(let version):
      var writer = WireWriter(kind: Kind.greeting.rawValue, id: 0)
      writer.word(version)
      return writer.frame()
    case .output(let id, let skipped, let bytes):
      var writer = WireWriter(kind: Kind.output.rawValue, id: id)
      writer.long(skipped)
      writer.data(bytes)
      return writer.frame()
    case .said(let id, let bytes):
      var writer = WireWriter(kind: Kind.said.rawValue, id: id)
      writer.data(bytes)
      return writer.frame()
    case .answer(let id, let answer): return Self.frame(id, answer)
    }
  }

  private static func frame(_ id: UInt64, _ answer: Answer) -> [UInt8] {
    switch answer {
    case .ran(let ran):
      var writer = WireWriter(kind: Kind.ran.rawValue, id: id)
      let (word, number) = ran.end.code
      writer.byte(word)
      writer.signed(number)
      writer.long(ran.milliseconds)
      writer.long(ran.total)
      writer.data(ran.head)
      writer.data(ran.tail)
      return writer.frame()
    case .content(let status, let bytes):
      var writer = WireWriter(kind: Kind.content.rawValue, id: id)
      status.write(to: &writer)
      writer.data(bytes)
      return writer.frame()
    case .listing(let status, let names, let isComplete):
      var writer = WireWriter(kind: Kind.listing.rawValue, id: id)
      status.write(to: &writer)
      writer.flag(isComplete)
      writer.word(UInt32(clamping: names.count))
      for name in names {
        writer.byte(name.kind.rawValue)
        writer.data(name.name)
      }
      return writer.frame()
    case .status(let status):
      var writer = WireWriter(kind: Kind.status.rawValue, id: id)
      status.write(to: &writer)
      return writer.frame()
    case .written(let token):
      var writer = WireWriter(kind: Kind.written.rawValue, id: id)
      token.write(to: &writer)
      return writer.frame()
    case .done: return WireWriter(kind: Kind.done.rawValue, id: id).frame()
    case .failed(let failure):
      var writer = WireWriter(kind: Kind.failed.rawValue, id: id)
      let (word, number) = failure.code
      writer.byte(word)
      writer.signed(number)
      return writer.frame()
    }
  }

  package init(_ payload: [UInt8]) throws(WireError) {
    var reader = WireReader(payload)
    let number = try reader.byte()
    guard let kind = Kind(rawValue: number) else { throw .unknown(kind: number) }
    let id = try reader.long()
    switch kind {
    case .greeting: self = .greeting(version: try reader.word())
    case .output:
      self = .output(id: id, skipped: try reader.long(), bytes: try reader.data())
    case .said:
      self = .said(id: id, bytes: try reader.data())
    case .ran:
      let end = try RanCommand.End(code: try reader.byte(), number: try reader.signed())
      let ran = RanCommand(
        end: end,
        milliseconds: try reader.long(),
        total: try reader.long(),
        head: try reader.data(),
        tail: try reader.data()
      )
      self = .answer(id: id, .ran(ran))
    case .content:
      let status = try FileStatusInside(from: &reader)
      self = .answer(id: id, .content(status, bytes: try reader.data()))
    case .listing:
      let status = try FileStatusInside(from: &reader)
      let isComplete = try reader.flag()
      let count = try reader.count(least: 5)
      var names: [ListedName] = []
      for _ in 0..<count {
        names.append(
          ListedName(kind: try FileStatusInside.kind(&reader), name: try reader.data())
        )
      }
      self = .answer(id: id, .listing(status, names: names, isComplete: isComplete))
    case .status: self = .answer(id: id, .status(try FileStatusInside(from: &reader)))
    case .written: self = .answer(id: id, .written(try FileToken(from: &reader)))
    case .done: self = .answer(id: id, .done)
    case .failed:
      let failure = try ServiceFailure(code: try reader.byte(), number: try reader.signed())
      self = .answer(id: id, .failed(failure))
    }
    try reader.end()
  }
}

extension RanCommand.End {
  fileprivate var code: (UInt8, Int32) {
    switch self {
    case .exited(let code): (0, code)
    case .signalled(let signal): (1, signal)
    case .timedOut: (2, 0)
    case .cancelled: (3, 0)
    case .notStarted(let error): (4, error)
    }
  }

  fileprivate init(code: UInt8, number: Int32) throws(WireError) {
    switch code {
    case 0: self = .exited(number)
    case 1: self = .signalled(number)
    case 2: self = .timedOut
    case 3: self = .cancelled
    case 4: self = .notStarted(number)
    default: throw .field
    }
  }
}

extension ServiceFailure {
  fileprivate var code: (UInt8, Int32) {
    switch self {
    case .system(let error): (0, error)
    case .changed: (1, 0)
    case .notAFile(let kind): (2, Int32(kind.rawValue))
    case .busy: (3, 0)
    case .malformed: (4, 0)
    }
  }

  fileprivate init(code: UInt8, number: Int32) throws(WireError) {
    switch code {
    case 0: self = .system(number)
    case 1: self = .changed
    case 2:
      guard let kind = UInt8(exactly: number).flatMap(FileStatusInside.Kind.init(rawValue:)) else {
        throw .field
      }
      self = .notAFile(kind)
    case 3: self = .busy
    case 4: self = .malformed
    default: throw .field
    }
  }
}

extension FileStatusInside {
  fileprivate init(from reader: inout WireReader) throws(WireError) {
    kind = try Self.kind(&reader)
    mode = try reader.word()
    token = try FileToken(from: &reader)
  }

  fileprivate func write(to writer: inout WireWriter) {
    writer.byte(kind.rawValue)
    writer.word(mode)
    token.write(to: &writer)
  }

  fileprivate static func kind(_ reader: inout WireReader) throws(WireError) -> Kind {
    guard let kind = Kind(rawValue: try reader.byte()) else { throw .field }
    return kind
  }
}

/// The greeting of whoever drives the service: its first frame.
package enum ClientGreeting {
  private static let kind: UInt8 = 32

  package static var frame: [UInt8] {
    var writer = WireWriter(kind: kind, id: 0)
    writer.word(ExecWire.version)
    return writer.frame()
  }

  /// The version that a payload names.
  package static func version(_ payload: [UInt8]) throws(WireError) -> UInt32 {
    var reader = WireReader(payload)
    let number = try reader.byte()
    guard number == kind else { throw .unknown(kind: number) }
    _ = try reader.long()
    let version = try reader.word()
    try reader.end()
    return version
  }
}
