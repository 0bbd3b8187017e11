/// A range of addresses in the notation `10.0.0.0/8` or `fd00::/8`.
package struct AddressRange: Hashable, Sendable {
  /// Four or sixteen bytes in network order, zero behind the prefix.
  package let bytes: [UInt8]
  package let prefixLength: Int

  package init(parsing text: String) throws(ValueProblem) {
    let malformed = ValueProblem(
      "\(quoted(text)) is not a range of addresses",
      remedy: "write it as in 10.0.0.0/8 or fd00::/8"
    )
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, let length = digits(parts[1], atMost: 3),
      let bytes = Self.address(parts[0]), length <= bytes.count * 8
    else { throw malformed }
    let shortest = bytes.count == 4 ? 8 : 7
    guard length >= shortest else {
      throw ValueProblem(
        "\(quoted(text)) is too wide a range",
        remedy: "name at least /\(shortest)"
      )
    }
    for bit in Int(length)..<(bytes.count * 8)
    where bytes[bit / 8] & (0x80 >> UInt8(bit % 8)) != 0 {
      let masked = Self.masked(bytes, to: Int(length))
      throw ValueProblem(
        "\(quoted(text)) has bits set behind its prefix",
        remedy: "write \(Self.text(masked))/\(length)"
      )
    }
    self.bytes = bytes
    prefixLength = Int(length)
  }

  package var text: String { "\(Self.text(bytes))/\(prefixLength)" }

  /// Whether an address of four or sixteen bytes lies within.
  package func contains(_ address: [UInt8]) -> Bool {
    address.count == bytes.count && Self.masked(address, to: prefixLength) == bytes
  }

  private static func masked(_ bytes: [UInt8], to length: Int) -> [UInt8] {
    bytes.enumerated().map { index, byte in
      let kept = min(max(length - index * 8, 0), 8)
      return kept == 0 ? 0 : byte & (0xFF << UInt8(8 - kept))
    }
  }

  /// The bytes of an address in its usual spelling; nil for anything else.
  package static func address(_ text: some StringProtocol) -> [UInt8]? {
    text.utf8.contains(0x3A) ? address6(text) : address4(text)
  }

  private static func address4(_ text: some StringProtocol) -> [UInt8]? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 4 else { return nil }
    var bytes: [UInt8] = []
    for part in parts {
      // A leading zero means octal to some readers and decimal to others.
      guard let value = digits(part, atMost: 3), value < 256,
        part.utf8.count == 1 || part.first != "0"
      else { return nil }
      bytes.append(UInt8(value))
    }
    return bytes
  }

  private static func address6(_ text: some StringProtocol) -> [UInt8]? {
    var halves: [[UInt8]] = []
    var rest = String(text)
    if let gap = rest.firstRange(ofASCII: "::") {
      guard let head = groups(rest[..<gap.lowerBound]) else { return nil }
      halves.append(head)
      rest = String(rest[gap.upperBound...])
    }
    guard let tail = groups(rest[...]) else { return nil }
    halves.append(tail)
    let count = halves.reduce(0) { $0 + $1.count }
    guard halves.count == 2 else { return count == 16 ? halves[0] : nil }
    guard count <= 14 else { return nil }
    return halves[0] + [UInt8](repeating: 0, count: 16 - count) + halves[1]
  }

  private static func groups(_ text: Substring) -> [UInt8]? {
    if text.isEmpty { return [] }
    var bytes: [UInt8] = []
    for group in text.split(separator: ":", omittingEmptySubsequences: false) {
      guard (1...4).contains(group.utf8.count), group.utf8.allSatisfy({ $0 != 0x2B && $0 != 0x2D }),
        let value = UInt16(group, radix: 16)
      else { return nil }
      bytes += [UInt8(value >> 8), UInt8(value & 0xFF)]
    }
    return bytes.count <= 16 ? bytes : nil
  }

  /// The usual spelling of an address of four or sixteen bytes.
  package static func text(_ bytes: [UInt8]) -> String {
    if bytes.count == 4 { return bytes.map(String.init).joined(separator: ".") }
    let groups = stride(from: 0, to: 16, by: 2).map {
      UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1])
    }
    // The longest run of two or more zero groups becomes `::`.
    var best = 0..<0
    var start = 0
    for index in 0...8 where index == 8 || groups[index] != 0 {
      if index - start > max(best.count, 1) { best = start..<index }
      start = index + 1
    }
    let hex = groups.map { String($0, radix: 16) }
    guard !best.isEmpty else { return hex.joined(separator: ":") }
    return hex[..<best.lowerBound].joined(separator: ":") + "::"
      + hex[best.upperBound...].joined(separator: ":")
  }
}
