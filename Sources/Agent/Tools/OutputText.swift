/// What a model is shown of what a command or a file gives.
enum OutputText {
  /// Bytes of one result, beginning and end together.
  static let head = 16_384
  static let tail = 16_384

  static func text(_ bytes: [UInt8]) -> String {
    // A model's context has no use for what is no text, and JSON no place.
    String(decoding: bytes, as: UTF8.self).replacing("\u{0}", with: "\u{FFFD}")
  }

  static func joined(head: [UInt8], tail: [UInt8], omitted: UInt64) -> String {
    guard omitted > 0 else { return text(head + tail) }
    return text(head) + "\n[… \(omitted) bytes left out …]\n" + text(tail)
  }

  /// Lines with their numbers, from line `offset`.
  static func numbered(_ text: String, offset: Int, limit: Int) -> String {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    let all = lines.last == "" ? lines.dropLast() : lines[...]
    guard offset <= all.count else {
      return all.isEmpty ? "[the file is empty]" : "[the file has \(all.count) lines]"
    }
    var result = ""
    var shown = 0
    for (index, line) in all.enumerated().dropFirst(offset - 1) {
      if shown == limit || result.utf8.count > head + tail {
        return result + "[… lines \(index + 1) to \(all.count) are left out; read on with offset]"
      }
      result += "\(index + 1)\t\(line.utf8.count > 2_000 ? line.prefix(2_000) + "…" : line)\n"
      shown += 1
    }
    return result
  }
}
