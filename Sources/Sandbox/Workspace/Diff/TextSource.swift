internal import CLinux

/// A file of either side, read piece by piece.
final class TextSource {
  private let file: OpenFile?
  private let name: [UInt8]
  /// What there is to read in place of a file: a link's target.
  private let literal: [UInt8]
  let size: Int

  init(_ file: consuming OpenFile, _ name: [UInt8]) throws(WorkspaceError) {
    size = Int(clamping: try file.status().size)
    self.file = consume file
    self.name = name
    literal = []
  }

  init(literal: [UInt8]) {
    file = nil
    name = []
    self.literal = literal
    size = literal.count
  }

  func read(_ range: Range<Int>) throws(WorkspaceError) -> [UInt8] {
    guard file != nil else { return Array(literal[range.clamped(to: 0..<literal.count)]) }
    var total = 0
    var failure = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: range.count) { buffer, count in
      while total < range.count {
        let result = pread(
          buffer.baseAddress?.advanced(by: total),
          range.count - total,
          at: range.lowerBound + total
        )
        if result <= 0 {
          failure = result
          break
        }
        total += result
      }
      count = total
    }
    if failure < 0 { throw .call("read", PrintableText.quotedName(name), Int32(failure)) }
    return bytes
  }

  private func pread(_ buffer: UnsafeMutablePointer<UInt8>?, _ count: Int, at offset: Int) -> Int {
    switch file {
    case .none: 0
    case .some(let file): cl_fs_read_at(file.descriptor, buffer, count, UInt64(offset))
    }
  }

  /// Whether it looks like text, as git decides it: no zero byte near its beginning.
  func isText() throws(WorkspaceError) -> Bool {
    try !read(0..<min(size, 8000)).contains(0)
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
