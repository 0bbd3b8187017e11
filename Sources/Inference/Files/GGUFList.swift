/// A list in a GGUF file, read from where it lies when it is asked.
///
/// A vocabulary of 150,000 texts stays in the file; of each only its place is kept, which was checked
/// when the file was opened.
package struct GGUFList: Sendable {
  package let elementKind: GGUFValue.Kind
  package let count: Int
  private let file: MappedFile
  private let range: Range<Int>
  /// Where each text's length stands, from the start of `range`, and where the last text ends. Lengths
  /// are told from these, so that a file that is altered later cannot lead a reader out of it.
  private let texts: [UInt32]

  init(
    elementKind: GGUFValue.Kind,
    count: Int,
    file: MappedFile,
    range: Range<Int>,
    texts: [UInt32] = []
  ) {
    self.elementKind = elementKind
    self.count = count
    self.file = file
    self.range = range
    self.texts = texts
  }

  /// The bytes of a text, valid as long as the file is; nil where no text has that number.
  package func text(at index: Int) -> UnsafeRawBufferPointer? {
    guard index >= 0, index < texts.count - 1 else { return nil }
    let start = range.lowerBound + Int(texts[index]) + 8
    let end = range.lowerBound + Int(texts[index + 1])
    return UnsafeRawBufferPointer(rebasing: file.bytes[start..<end])
  }

  /// Nil where no whole number stands there, or one above `Int64.max`.
  package func integer(at index: Int) -> Int? {
    switch elementKind {
    case .uint8: load(UInt8.self, index).map(Int.init)
    case .int8: load(Int8.self, index).map(Int.init)
    case .uint16: load(UInt16.self, index).map(Int.init)
    case .int16: load(Int16.self, index).map(Int.init)
    case .uint32: load(UInt32.self, index).map(Int.init)
    case .int32: load(Int32.self, index).map(Int.init)
    case .uint64: load(UInt64.self, index).flatMap { Int(exactly: $0) }
    case .int64: load(Int64.self, index).map(Int.init)
    case .float32, .float64, .flag, .text, .list: nil
    }
  }

  /// Whole numbers are numbers, too; nil where there is none.
  package func real(at index: Int) -> Double? {
    switch elementKind {
    case .float32: load(UInt32.self, index).map { Double(Float(bitPattern: $0)) }
    case .float64: load(UInt64.self, index).map(Double.init(bitPattern:))
    default: integer(at: index).map(Double.init)
    }
  }

  package func flag(at index: Int) -> Bool? {
    elementKind == .flag ? load(UInt8.self, index).map { $0 != 0 } : nil
  }

  private func load<Number: FixedWidthInteger & BitwiseCopyable>(
    _: Number.Type,
    _ index: Int
  ) -> Number? {
    guard index >= 0, index < count else { return nil }
    let offset = range.lowerBound + index * MemoryLayout<Number>.size
    return Number(littleEndian: file.bytes.loadUnaligned(fromByteOffset: offset, as: Number.self))
  }
}
