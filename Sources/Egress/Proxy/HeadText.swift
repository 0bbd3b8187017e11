/// The head of an HTTP/1 request before anyone has parsed it: only as far as the way in needs.
enum HeadText {
  enum Host: Hashable {
    case none
    case one([UInt8])
    case several
  }

  private static let methods: [[UInt8]] = [
    "GET ", "HEAD ", "POST ", "PUT ", "PATCH ", "DELETE ", "OPTIONS ", "TRACE ", "CONNECT ", "PRI ",
  ].map { Array($0.utf8) }

  /// Whether bytes begin as a request does; nil while there are too few to say.
  static func isRequest(_ bytes: [UInt8]) -> Bool? {
    var isOpen = false
    for method in methods {
      if bytes.starts(with: method) { return true }
      if method.starts(with: bytes) { isOpen = true }
    }
    return isOpen ? nil : false
  }

  /// Where the head ends, behind its empty line; nil where it does not end yet.
  static func end(of bytes: [UInt8]) -> Int? {
    guard bytes.count >= 4 else { return nil }
    var index = 3
    while index < bytes.count {
      if bytes[index] == 0x0A, bytes[index - 1] == 0x0D, bytes[index - 2] == 0x0A,
        bytes[index - 3] == 0x0D
      {
        return index + 1
      }
      index += 1
    }
    return nil
  }

  /// The lines of a head; nil where a line ends in anything but CR LF.
  static func lines(_ head: ArraySlice<UInt8>) -> [ArraySlice<UInt8>]? {
    var lines: [ArraySlice<UInt8>] = []
    for line in head.split(separator: 0x0A, omittingEmptySubsequences: false).dropLast() {
      guard line.last == 0x0D, !line.dropLast().contains(0x0D), !line.contains(0) else {
        return nil
      }
      lines.append(line.dropLast())
    }
    return lines
  }

  /// What the head's Host header says.
  static func host(_ head: ArraySlice<UInt8>) -> Host {
    guard let lines = lines(head) else { return .several }
    var found: [[UInt8]] = []
    for line in lines.dropFirst() {
      guard let colon = line.firstIndex(of: 0x3A) else { continue }
      guard line[..<colon].map({ $0 | 0x20 }) == Array("host".utf8) else { continue }
      let value = line[(colon + 1)...].drop { $0 == 0x20 || $0 == 0x09 }
      found.append(Array(value.reversed().drop { $0 == 0x20 || $0 == 0x09 }.reversed()))
    }
    return found.count > 1 ? .several : found.first.map(Host.one) ?? .none
  }
}
