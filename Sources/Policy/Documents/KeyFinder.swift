/// Finds the key that a line belongs to in a text that cannot be read as YAML.
///
/// By indentation alone, so that it also works where nothing else does. A guess for messages.
enum KeyFinder {
  static func key(atLine wanted: Int, of text: String) -> String {
    var stack: [(indent: Int, name: String)] = []
    var number = 0
    for line in text.utf8.split(separator: 0x0A, omittingEmptySubsequences: false) {
      number += 1
      if number > wanted { break }
      var rest = line[...]
      var indent = 0
      while let byte = rest.first, byte == 0x20 || byte == 0x09 || byte == 0x2D {
        // The hyphen of an entry stands where its keys do, or before them.
        indent += 1
        rest = rest.dropFirst()
      }
      let name = rest.prefix(while: isNameByte)
      if name.isEmpty || name.count > 32 { continue }
      guard number == wanted || rest.dropFirst(name.count).first == 0x3A else { continue }
      while let last = stack.last, last.indent >= indent { stack.removeLast() }
      if rest.dropFirst(name.count).first == 0x3A || stack.isEmpty {
        stack.append((indent, String(Substring(name))))
      }
      if stack.count > 8 { stack.removeFirst() }
    }
    return stack.map(\.name).joined(separator: ".")
  }

  private static func isNameByte(_ byte: UInt8) -> Bool {
    (0x61...0x7A).contains(byte) || (0x41...0x5A).contains(byte) || byte == 0x5F
  }
}
