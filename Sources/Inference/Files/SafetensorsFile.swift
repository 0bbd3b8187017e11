/// Tensors in the format of Hugging Face's `safetensors`, opened where they lie.
///
/// Eight bytes with the length of a header in JSON, the header, then the tensors. As the format asks,
/// tensors cover the rest of the file without a gap and without an overlap, and no name stands twice.
/// Numbers may begin at any byte.
package struct SafetensorsFile: Sendable {
  package struct Tensor: Sendable {
    package let name: String
    package let type: TensorType
    /// Outermost first, as the file says it: the length of a row is the last. Empty for one number.
    package let shape: [Int]
    fileprivate let file: MappedFile
    fileprivate let range: Range<Int>

    /// Valid as long as this value or its file lives.
    package var bytes: UnsafeRawBufferPointer {
      UnsafeRawBufferPointer(rebasing: file.bytes[range])
    }
  }

  /// All that are in a type that is computed here: F32, F16 and BF16.
  package let tensors: [String: Tensor]
  /// Tensors in other types, with what the file calls them.
  package let unknown: [String: String]
  /// What the file says of itself, as texts.
  package let metadata: [String: String]
  package let file: MappedFile

  /// Bounds that no real file comes near; the first is the format's own.
  private static let longestHeader: UInt64 = 100_000_000
  private static let mostTensors = 1 << 17
  private static let mostDimensions = 8

  package init(path: String) throws(SafetensorsError) {
    let file: MappedFile
    do { file = try MappedFile(path: path) } catch {
      throw SafetensorsError(path: path, fault: .unreadable(error.description))
    }
    try self.init(file: file)
  }

  /// A file that is in memory.
  package init(bytes: [UInt8]) throws(SafetensorsError) {
    try self.init(file: MappedFile(bytes: bytes))
  }

  package init(file: MappedFile) throws(SafetensorsError) {
    var cursor = ByteCursor(file.bytes)
    guard let length = cursor.next(UInt64.self), length <= Self.longestHeader,
      let header = cursor.take(length), !header.isEmpty,
      file.bytes[header.lowerBound] == UInt8(ascii: "{")
    else { throw SafetensorsError(path: file.path, fault: .notSafetensors) }
    let entries: Entries
    do { entries = try Self.entries(UnsafeRawBufferPointer(rebasing: file.bytes[header])) } catch {
      throw SafetensorsError(path: file.path, fault: .header(error.expected, at: error.offset))
    }
    var tensors: [String: Tensor] = [:]
    var unknown: [String: String] = [:]
    let room = cursor.remaining
    for (name, entry) in entries.tensors {
      guard entry.end <= room else { throw SafetensorsError(path: file.path, fault: .ends(name)) }
      if let size = entry.size, size != entry.end - entry.start {
        throw SafetensorsError(path: file.path, fault: .size(name))
      }
      guard let type = entry.type else {
        unknown[name] = entry.dtype
        continue
      }
      tensors[name] = Tensor(
        name: name,
        type: type,
        shape: entry.shape,
        file: file,
        range: (header.upperBound + entry.start)..<(header.upperBound + entry.end)
      )
    }
    var end = 0
    for (name, entry) in entries.tensors.sorted(by: { $0.value.places < $1.value.places }) {
      guard entry.start == end else { throw SafetensorsError(path: file.path, fault: .gap(name)) }
      end = entry.end
    }
    guard end == room else { throw SafetensorsError(path: file.path, fault: .rest(room - end)) }
    self.tensors = tensors
    self.unknown = unknown
    metadata = entries.metadata
    self.file = file
  }

  /// A tensor that the model cannot do without.
  package func tensor(_ name: String) throws(SafetensorsError) -> Tensor {
    if let tensor = tensors[name] { return tensor }
    throw SafetensorsError(
      path: file.path,
      fault: unknown[name].map { .type(tensor: name, $0) } ?? .noTensor(name)
    )
  }

  // MARK: The header

  private struct Entry {
    let dtype: String
    let shape: [Int]
    /// From the end of the header.
    let start: Int
    let end: Int

    var places: (Int, Int) { (start, end) }

    var type: TensorType? {
      switch dtype {
      case "F32": .f32
      case "F16": .f16
      case "BF16": .bf16
      default: nil
      }
    }

    /// As dtype and shape say it; nil for a dtype that is not known. What cannot be counted is more
    /// than any file has.
    var size: Int? {
      let width: Int
      switch dtype {
      case "BOOL", "U8", "I8", "F8_E5M2", "F8_E4M3", "F8_E8M0": width = 1
      case "U16", "I16", "F16", "BF16": width = 2
      case "U32", "I32", "F32": width = 4
      case "U64", "I64", "F64", "C64": width = 8
      default: return nil
      }
      var size = width
      for length in shape where length > 0 {
        let (product, overflows) = size.multipliedReportingOverflow(by: length)
        if overflows { return .max }
        size = product
      }
      return shape.contains(0) ? 0 : size
    }
  }

  private struct Entries {
    var tensors: [String: Entry] = [:]
    var metadata: [String: String] = [:]
  }

  private static func entries(
    _ header: UnsafeRawBufferPointer
  ) throws(JSONScanner.Failure) -> Entries {
    var scanner = JSONScanner(header)
    var entries = Entries()
    var hasMetadata = false
    try scanner.object { (scanner: inout JSONScanner, name) throws(JSONScanner.Failure) in
      if name == "__metadata__" {
        guard !hasMetadata else { throw scanner.failure("__metadata__ once") }
        hasMetadata = true
        try scanner.object { (scanner: inout JSONScanner, key) throws(JSONScanner.Failure) in
          guard entries.metadata.updateValue(try scanner.text(), forKey: key) == nil else {
            throw scanner.failure("each key once")
          }
        }
      } else {
        guard entries.tensors.count < mostTensors else { throw scanner.failure("fewer tensors") }
        guard entries.tensors.updateValue(try entry(&scanner), forKey: name) == nil else {
          throw scanner.failure("each name once")
        }
      }
    }
    guard scanner.peek() == nil else { throw scanner.failure("the end of the header") }
    return entries
  }

  private static func entry(_ scanner: inout JSONScanner) throws(JSONScanner.Failure) -> Entry {
    var dtype: String?
    var shape: [Int]?
    var places: [Int]?
    try scanner.object { (scanner: inout JSONScanner, key) throws(JSONScanner.Failure) in
      switch key {
      case "dtype" where dtype == nil: dtype = try scanner.text()
      case "shape" where shape == nil: shape = try scanner.numbers(limit: mostDimensions)
      case "data_offsets" where places == nil: places = try scanner.numbers(limit: 2)
      default: throw scanner.failure("dtype, shape and data_offsets, each once")
      }
    }
    guard let dtype, let shape, let places, places.count == 2, places[0] <= places[1] else {
      throw scanner.failure("dtype, shape and data_offsets, each whole")
    }
    return Entry(dtype: dtype, shape: shape, start: places[0], end: places[1])
  }
}
