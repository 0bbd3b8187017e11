import Foundation
import NIOCore
import NIOHTTP1

/// Takes the values of secrets out of an answer, in the spellings in which servers give back what
/// they got. A second line: what a server does to a value before it gives it back is its own affair.
struct Redactor {
  private let finder: Finder
  private let names: [String]
  private var held: [UInt8] = []

  init(_ secrets: [Secret]) {
    var patterns: [[UInt8]] = []
    var names: [String] = []
    for secret in secrets {
      for spelling in Self.spellings(of: secret.value) where !patterns.contains(spelling) {
        patterns.append(spelling)
        names.append(secret.name)
      }
    }
    finder = Finder(patterns)
    self.names = names
  }

  /// Raw, escaped for JSON, for queries, in hexadecimal, and in base64 wherever it begins in what was
  /// encoded.
  static func spellings(of value: String) -> [[UInt8]] {
    let bytes = Array(value.utf8)
    let encoded = FormText.encode(value)
    var spellings = [
      bytes, JSONText.escape(value), Array(encoded.utf8), Array(encoded.lowercased().utf8),
    ]
    let hexadecimal = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    spellings += [Array(hexadecimal.utf8), Array(hexadecimal.uppercased().utf8)]
    for shift in 0..<3 {
      // The first and the last digits depend on what stands beside the value.
      let padded = Data(repeating: 0, count: shift) + Data(bytes)
      let whole = padded.count / 3 * 3
      let digits = Array(padded.prefix(whole).base64EncodedString().utf8)
      let core = Array(digits.dropFirst(shift == 0 ? 0 : 4))
      guard core.count >= 8 else { continue }
      spellings.append(core)
      spellings.append(core.map { $0 == 0x2B ? 0x2D : $0 == 0x2F ? 0x5F : $0 })
    }
    return spellings
  }

  func redact(_ headers: HTTPHeaders) -> HTTPHeaders {
    var clean = HTTPHeaders()
    clean.reserveCapacity(headers.count)
    for (name, value) in headers where finder.first(in: name) == nil {
      guard finder.first(in: value) != nil else {
        clean.add(name: name, value: value)
        continue
      }
      let bytes = Array(value.utf8)
      clean.add(name: name, value: String(decoding: replaced(bytes.span), as: UTF8.self))
    }
    return clean
  }

  /// What may go on of the bytes so far; the rest is held until it is clear what it is.
  mutating func redact(_ bytes: ByteBuffer) -> ByteBuffer {
    guard held.isEmpty else {
      let joined = held + Array(bytes.readableBytesView)
      held = []
      return pass(joined.span)
    }
    let span = bytes.readableBytesUInt8Span
    if finder.first(in: span) == nil {
      let open = finder.openEnd(of: span)
      if open == 0 { return bytes }
      held = Array(bytes.readableBytesView.suffix(open))
      return bytes.getSlice(at: bytes.readerIndex, length: bytes.readableBytes - open) ?? bytes
    }
    return pass(span)
  }

  mutating func end() -> ByteBuffer {
    defer { held = [] }
    return ByteBuffer(bytes: held)
  }

  private mutating func pass(_ span: Span<UInt8>) -> ByteBuffer {
    let clean = replaced(span)
    let open = finder.openEnd(of: clean.span)
    held = Array(clean.suffix(open))
    return ByteBuffer(bytes: clean.dropLast(open))
  }

  private func replaced(_ span: Span<UInt8>) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(span.count)
    var position = 0
    while let match = finder.first(in: span, from: position) {
      for index in position..<match.range.lowerBound { result.append(span[index]) }
      result += "[redacted:\(names[match.pattern])]".utf8
      position = match.range.upperBound
    }
    for index in position..<span.count { result.append(span[index]) }
    return result
  }
}
