package import JSONRPC

/// Cuts a stream of server-sent events into events, with what resuming a stream needs.
///
/// Lines end in LF, CR or CRLF; comments and a byte order mark at the beginning are skipped; several
/// `data` lines are joined by LF.
package struct EventStream: Sendable {
  package struct Event: Hashable, Sendable {
    package var data: [UInt8]
  }

  /// The last id that was seen, to resume from.
  package private(set) var lastID: String?
  /// How many milliseconds the server wants a client to wait before it comes back.
  package private(set) var retry: Int?
  private var line: [UInt8] = []
  private var data: [UInt8]?
  private var followsCR = false
  private var isFirstLine = true
  private let bound: Int

  private static let longestID = 1024

  package init(bound: Int = WireBounds().length) {
    self.bound = bound
  }

  /// The events that these bytes complete.
  package mutating func receive(_ bytes: some Sequence<UInt8>) throws(WireError) -> [Event] {
    var events: [Event] = []
    for byte in bytes {
      if byte == 0x0A, followsCR {
        followsCR = false
        continue
      }
      followsCR = byte == 0x0D
      if byte == 0x0A || byte == 0x0D {
        if let event = endLine() { events.append(event) }
      } else {
        line.append(byte)
        guard line.count + (data?.count ?? 0) <= bound + 16 else { throw .tooLong(atMost: bound) }
      }
    }
    return events
  }

  private mutating func endLine() -> Event? {
    defer { line.removeAll(keepingCapacity: true) }
    if isFirstLine, line.starts(with: [0xEF, 0xBB, 0xBF]) { line.removeFirst(3) }
    isFirstLine = false
    guard !line.isEmpty else {
      defer { data = nil }
      return data.map(Event.init)
    }
    let colon = line.firstIndex(of: UInt8(ascii: ":")) ?? line.endIndex
    var value = line[min(colon + 1, line.endIndex)...]
    if value.first == 0x20 { value = value.dropFirst() }
    switch String(decoding: line[..<colon], as: UTF8.self) {
    case "data":
      if data != nil { data?.append(0x0A) }
      data = (data ?? []) + value
    case "id" where value.count <= Self.longestID && value.allSatisfy { $0 >= 0x20 && $0 < 0x7F }:
      lastID = String(decoding: value, as: UTF8.self)
    case "retry":
      retry = Int(String(decoding: value, as: UTF8.self)).flatMap {
        (0...86_400_000).contains($0) ? $0 : nil
      }
    default: break
    }
    return nil
  }
}
