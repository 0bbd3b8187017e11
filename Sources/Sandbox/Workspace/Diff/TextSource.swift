internal import CLinux

/// A file of either side, read piece by piece.
final class TextSource {
  private let file: OpenFile?
  private let name: [UInt8]
  /// What there is to read in place of a file: a link's target, or a small file's whole content.
  private let literal: [UInt8]
  let size: Int

  private static let small = 1 << 18

  /// - Parameter size: The file's size as it was scanned. A small file is read at once; one that
  ///   grew since is shown as far as it was seen.
  init(_ file: consuming OpenFile, size: UInt64, _ name: [UInt8]) throws(WorkspaceError) {
    self.name = name
    if size > Self.small {
      self.size = Int(clamping: size)
      self.file = consume file
      literal = []
      return
    }
    let bytes = try Self.read(0..<Int(size), of: file, name)
    self.size = bytes.count
    literal = bytes
    self.file = nil
  }

  init(literal: [UInt8]) {
    file = nil
    name = []
    self.literal = literal
    size = literal.count
  }

  func read(_ range: Range<Int>) throws(WorkspaceError) -> [UInt8] {
    switch file {
    case .none: Array(literal[range.clamped(to: 0..<literal.count)])
    case .some(let file): try Self.read(range, of: file, name)
    }
  }

  private static func read(
    _ range: Range<Int>,
    of file: borrowing OpenFile,
    _ name: [UInt8]
  ) throws(WorkspaceError) -> [UInt8] {
    let descriptor = file.descriptor
    var failure = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: range.count) { buffer, count in
      while count < range.count {
        let result = cl_fs_read_at(
          descriptor,
          buffer.baseAddress?.advanced(by: count),
          range.count - count,
          UInt64(range.lowerBound + count)
        )
        if result <= 0 {
          failure = result
          break
        }
        count += result
      }
    }
    if failure < 0 { throw .call("read", PrintableText.quotedName(name), Int32(failure)) }
    return bytes
  }

  /// Whether it looks like text, as git decides it: no zero byte near its beginning.
  func isText() throws(WorkspaceError) -> Bool {
    let head = try read(0..<min(size, 8000))
    return cl_fs_count_byte(head, head.count, 0) == 0
  }

  /// How many bytes both have in common at their beginning.
  static func commonPrefix(_ a: TextSource, _ b: TextSource) throws(WorkspaceError) -> Int {
    let limit = min(a.size, b.size)
    var offset = 0
    while offset < limit {
      let end = min(offset + FileContent.chunk, limit)
      let (left, right) = (try a.read(offset..<end), try b.read(offset..<end))
      let count = min(left.count, right.count)
      let same = Int(cl_fs_same_bytes(left, right, count))
      if same < count { return offset + same }
      offset += count
      if count == 0 { break }
    }
    return offset
  }

  /// How many bytes both have in common at their end, past a prefix.
  static func commonSuffix(
    _ a: TextSource,
    _ b: TextSource,
    after prefix: Int
  ) throws(WorkspaceError) -> Int {
    let limit = min(a.size, b.size) - prefix
    var total = 0
    while total < limit {
      let step = min(FileContent.chunk, limit - total)
      let left = try a.read((a.size - total - step)..<(a.size - total))
      let right = try b.read((b.size - total - step)..<(b.size - total))
      guard left.count == step, right.count == step else { break }
      let same = Int(cl_fs_same_bytes_backward(left, right, step))
      total += same
      if same < step { break }
    }
    return total
  }

  func lineBreaks(in range: Range<Int>) throws(WorkspaceError) -> Int {
    var count = 0
    var offset = range.lowerBound
    while offset < range.upperBound {
      let bytes = try read(offset..<min(offset + FileContent.chunk, range.upperBound))
      if bytes.isEmpty { break }
      count += Int(cl_fs_count_byte(bytes, bytes.count, 10))
      offset += bytes.count
    }
    return count
  }
}
