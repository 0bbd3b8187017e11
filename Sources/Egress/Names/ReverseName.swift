/// The names under which addresses are asked for their names (RFC 1035, RFC 3596).
enum ReverseName {
  /// The address that a name in lower case stands for; nil for any other name.
  static func address(_ name: String) -> [UInt8]? {
    let labels = name.split(separator: ".", omittingEmptySubsequences: false)
    guard labels.count > 2, labels.last == "arpa" else { return nil }
    let parts = labels.dropLast(2).reversed()
    switch labels[labels.count - 2] {
    case "in-addr" where parts.count == 4:
      let bytes = parts.compactMap { $0.utf8.count <= 3 ? UInt8($0) : nil }
      return bytes.count == 4 ? bytes : nil
    case "ip6" where parts.count == 32:
      let nibbles = parts.compactMap { $0.utf8.count == 1 ? UInt8($0, radix: 16) : nil }
      guard nibbles.count == 32 else { return nil }
      return stride(from: 0, to: 32, by: 2).map { nibbles[$0] << 4 | nibbles[$0 + 1] }
    default: return nil
    }
  }
}
