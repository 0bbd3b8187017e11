/// Cuts what comes through a pipe into lines, none longer than its bound.
package struct LineReader: Sendable {
  private var buffer: [UInt8] = []
  private var searched = 0
  private let bound: Int

  package init(bound: Int = WireBounds().length) {
    self.bound = bound
  }

  /// The lines that these bytes complete, without their ends; empty ones are skipped.
  package mutating func receive(_ bytes: some Sequence<UInt8>) throws(WireError) -> [[UInt8]] {
    buffer.append(contentsOf: bytes)
    var lines: [[UInt8]] = []
    var start = 0
    while let end = buffer[max(searched, start)...].firstIndex(of: 0x0A) {
      try add(buffer[start..<end], to: &lines)
      start = end + 1
    }
    if start > 0 { buffer.removeSubrange(0..<start) }
    searched = buffer.count
    guard buffer.count <= bound else { throw .tooLong(atMost: bound) }
    return lines
  }

  private func add(_ line: ArraySlice<UInt8>, to lines: inout [[UInt8]]) throws(WireError) {
    var line = line
    if line.last == 0x0D { line = line.dropLast() }
    guard line.count <= bound else { throw .tooLong(atMost: bound) }
    if line.contains(where: { $0 != 0x20 && $0 != 0x09 }) { lines.append(Array(line)) }
  }
}
