/// A path beneath the workspace's root: bytes without a leading slash, empty for the root itself.
///
/// Names on Linux are bytes, and a sealed program chooses them: newlines, escapes and invalid UTF-8
/// all occur. Nothing here is ever `.` or `..`, so a value cannot name anything outside.
package struct RelativePath: Hashable, Sendable {
  package let bytes: [UInt8]

  package static let root = RelativePath(trusted: [])

  /// Reads a path as a user writes it: `./a//b/` is `a/b`.
  ///
  /// - Returns: nil for an absolute path, for one with `..`, and for one that holds a zero byte.
  package init?(_ text: some Sequence<UInt8>) {
    let text = Array(text)
    guard text.first != UInt8(ascii: "/"), !text.contains(0) else { return nil }
    var bytes: [UInt8] = []
    for component in text.split(separator: UInt8(ascii: "/")) {
      if component == [UInt8(ascii: ".")] { continue }
      if component == [UInt8(ascii: "."), UInt8(ascii: ".")] { return nil }
      if !bytes.isEmpty { bytes.append(UInt8(ascii: "/")) }
      bytes += component
    }
    self.bytes = bytes
  }

  package init?(_ text: String) { self.init(text.utf8) }

  /// Takes bytes that came from the kernel's own directory listings.
  init(trusted bytes: [UInt8]) { self.bytes = bytes }

  func appending(_ name: [UInt8]) -> RelativePath {
    if bytes.isEmpty { return RelativePath(trusted: name) }
    var joined = bytes
    joined.reserveCapacity(bytes.count + name.count + 1)
    joined.append(UInt8(ascii: "/"))
    joined += name
    return RelativePath(trusted: joined)
  }

  package var isRoot: Bool { bytes.isEmpty }

  /// The directory that holds it; nil for the root.
  package var parent: RelativePath? {
    if bytes.isEmpty { return nil }
    guard let slash = bytes.lastIndex(of: UInt8(ascii: "/")) else { return .root }
    return RelativePath(trusted: Array(bytes[..<slash]))
  }

  /// The last component; empty for the root.
  package var name: [UInt8] {
    guard let slash = bytes.lastIndex(of: UInt8(ascii: "/")) else { return bytes }
    return Array(bytes[(slash + 1)...])
  }

  /// Whether it is the other or lies beneath it.
  package func isWithin(_ other: RelativePath) -> Bool {
    if other.bytes.isEmpty { return true }
    let count = other.bytes.count
    if bytes.count == count { return bytes == other.bytes }
    return bytes.count > count && bytes[count] == UInt8(ascii: "/")
      && bytes.starts(with: other.bytes)
  }

  /// What is left of it beneath an ancestor.
  func suffix(beneath ancestor: RelativePath) -> RelativePath {
    if ancestor.isRoot { return self }
    return RelativePath(trusted: Array(bytes.dropFirst(ancestor.bytes.count + 1)))
  }

  /// As text for messages: quoted as git quotes, where a name holds anything but plain text.
  package var display: String { PrintableText.quotedName(bytes) }
}

extension RelativePath: CustomStringConvertible {
  package var description: String { display }
}

extension RelativePath: Comparable {
  /// Tree order: a directory comes directly before what it holds.
  package static func < (left: RelativePath, right: RelativePath) -> Bool {
    left.bytes.withUnsafeBufferPointer { left in
      right.bytes.withUnsafeBufferPointer { right in
        let count = min(left.count, right.count)
        var index = 0
        while index < count {
          let (a, b) = (left[index], right[index])
          if a != b {
            if a == UInt8(ascii: "/") { return true }
            if b == UInt8(ascii: "/") { return false }
            return a < b
          }
          index += 1
        }
        return left.count < right.count
      }
    }
  }
}
