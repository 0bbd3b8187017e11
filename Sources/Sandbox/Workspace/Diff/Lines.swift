internal import CLinux

/// A text cut into lines.
struct Lines {
  private let text: [UInt8]
  /// Where each line begins, and the end of the text.
  private let starts: [Int]

  init(_ text: [UInt8]) {
    self.text = text
    var starts = [0]
    starts.reserveCapacity(text.count / 24 + 2)
    var position = 0
    while position < text.count {
      position += Int(cl_fs_line_length(text, position, text.count))
      starts.append(position)
    }
    self.starts = starts
  }

  var count: Int { starts.count - 1 }

  /// A line without its newline, and whether it has one.
  subscript(index: Int) -> (text: ArraySlice<UInt8>, isTerminated: Bool) {
    let line = text[starts[index]..<starts[index + 1]]
    return line.last == 10 ? (line.dropLast(), true) : (line, false)
  }

  /// Numbers for the lines of two texts, equal exactly where the lines are.
  static func numbers(_ old: Lines, _ new: Lines) -> ([Int32], [Int32]) {
    var known: [Key: Int32] = [:]
    known.reserveCapacity(old.count)
    func number(_ lines: Lines, _ buffer: UnsafeRawBufferPointer) -> [Int32] {
      var numbers: [Int32] = []
      numbers.reserveCapacity(lines.count)
      for index in 0..<lines.count {
        let range = lines.starts[index]..<lines.starts[index + 1]
        let key = Key(bytes: UnsafeRawBufferPointer(rebasing: buffer[range]))
        let next = Int32(truncatingIfNeeded: known.count)
        if let number = known[key] {
          numbers.append(number)
        } else {
          known[key] = next
          numbers.append(next)
        }
      }
      return numbers
    }
    return old.text.withUnsafeBytes { left in
      new.text.withUnsafeBytes { right in (number(old, left), number(new, right)) }
    }
  }

  /// A line as a key, only valid while the texts are pinned.
  private struct Key: Hashable {
    let bytes: UnsafeRawBufferPointer

    static func == (left: Key, right: Key) -> Bool {
      left.bytes.count == right.bytes.count
        && cl_fs_equal(left.bytes.baseAddress, right.bytes.baseAddress, left.bytes.count) != 0
    }

    func hash(into hasher: inout Hasher) { hasher.combine(bytes: bytes) }
  }
}
