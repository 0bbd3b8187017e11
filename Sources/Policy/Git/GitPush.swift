/// Reads the commands of a push, which come before its pack, from however its body is cut.
package struct GitPush: Hashable, Sendable {
  package enum Progress: Hashable, Sendable {
    case more
    /// All commands have been read; what follows is the pack, which is not looked at.
    case commands([RefUpdate])
  }

  /// Bounds on one push.
  static let mostUpdates = 1000
  static let mostBytes = 1 << 20

  /// Whether the client asked the server to report what was done.
  package private(set) var reportsStatus = false
  /// Whether the report comes within a side-band.
  package private(set) var usesSideBand = false
  /// Commits whose parents the client does not have, and the server shall do without.
  package private(set) var shallow: Set<String> = []
  /// How long the commands are, with what belongs to them. The pack follows.
  package var length: Int { size }
  private var lines = PacketLines()
  private var updates: [RefUpdate] = []
  private var size = 0
  private var isOver = false

  package init() {}

  /// Takes the next bytes of the body of a request to `git-receive-pack`, without content encoding.
  package mutating func read(
    _ bytes: some Sequence<UInt8>
  ) throws(RequestProblem) -> Progress {
    if isOver { return .commands(updates) }
    var rest = Array(bytes)[...]
    while true {
      let before = rest.count
      let line = try lines.next(&rest)
      size += before - rest.count
      guard size <= Self.mostBytes else {
        throw RequestProblem("the commands of the push are longer than \(Self.mostBytes) bytes")
      }
      switch line {
      case nil: return .more
      case .flush:
        isOver = true
        return .commands(updates)
      case .data(let bytes): try take(bytes)
      }
    }
  }

  private mutating func take(_ line: [UInt8]) throws(RequestProblem) {
    var command = line[...]
    if let zero = line.firstIndex(of: 0) {
      guard updates.isEmpty else {
        throw RequestProblem("capabilities stand behind a later command of the push")
      }
      command = line[..<zero]
      try take(capabilities: line[(zero + 1)...])
    }
    if command.last == 0x0A { command = command.dropLast() }
    let parts = command.split(separator: 0x20, maxSplits: 2, omittingEmptySubsequences: false)
    if parts.count == 2, parts[0].elementsEqual("shallow".utf8), Self.isHash(parts[1]) {
      shallow.insert(String(decoding: parts[1], as: UTF8.self))
      return
    }
    guard parts.count == 3, Self.isHash(parts[0]), Self.isHash(parts[1]),
      parts[0].count == parts[1].count, (1...1024).contains(parts[2].count),
      parts[2].allSatisfy({ $0 > 0x20 && $0 < 0x7F }) || Self.isText(parts[2])
    else {
      throw RequestProblem(
        "a line of the push is no command: \(quoted(String(decoding: command, as: UTF8.self)))"
      )
    }
    let update = RefUpdate(
      old: String(decoding: parts[0], as: UTF8.self),
      new: String(decoding: parts[1], as: UTF8.self),
      ref: String(decoding: parts[2], as: UTF8.self)
    )
    guard !(update.creates && update.deletes) else {
      throw RequestProblem("a command of the push neither makes nor moves its reference")
    }
    guard !updates.contains(where: { $0.ref == update.ref }) else {
      throw RequestProblem("the push names \(quoted(update.ref)) more than once")
    }
    guard updates.count < Self.mostUpdates else {
      throw RequestProblem("the push has more than \(Self.mostUpdates) commands")
    }
    updates.append(update)
  }

  private mutating func take(capabilities: ArraySlice<UInt8>) throws(RequestProblem) {
    for word in capabilities.split(whereSeparator: { $0 == 0x20 || $0 == 0x0A }) {
      switch String(decoding: word, as: UTF8.self) {
      case "report-status", "report-status-v2": reportsStatus = true
      case "side-band-64k", "side-band": usesSideBand = true
      case "push-options":
        // Forges make and merge requests by them.
        throw RequestProblem(
          "options of a push may do more than move branches; push without -o and push.pushOption"
        )
      default: break
      }
    }
    guard !capabilities.contains(0) else {
      throw RequestProblem("the capabilities of the push hold a zero byte")
    }
  }

  private static func isHash(_ bytes: ArraySlice<UInt8>) -> Bool {
    (bytes.count == 40 || bytes.count == 64)
      && bytes.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
  }

  private static func isText(_ bytes: ArraySlice<UInt8>) -> Bool {
    bytes.allSatisfy { $0 > 0x20 && $0 != 0x7F } && String(validating: bytes, as: UTF8.self) != nil
  }
}
