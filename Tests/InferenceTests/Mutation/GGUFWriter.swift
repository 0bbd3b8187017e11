package import Inference

/// Writes GGUF as a test wants it: right where nothing else is said, and wrong in any field.
package struct GGUFWriter: Sendable {
  /// A value with its type, as it stands behind a key.
  package struct Value: Sendable {
    package let kind: UInt32
    package let bytes: [UInt8]

    package init(kind: UInt32, bytes: [UInt8]) {
      self.kind = kind
      self.bytes = bytes
    }

    package static func uint8(_ value: UInt8) -> Value { Value(kind: 0, bytes: [value]) }
    package static func int8(_ value: Int8) -> Value { Value(kind: 1, bytes: little(value)) }
    package static func uint16(_ value: UInt16) -> Value { Value(kind: 2, bytes: little(value)) }
    package static func int16(_ value: Int16) -> Value { Value(kind: 3, bytes: little(value)) }
    package static func uint32(_ value: UInt32) -> Value { Value(kind: 4, bytes: little(value)) }
    package static func int32(_ value: Int32) -> Value { Value(kind: 5, bytes: little(value)) }
    package static func float32(_ value: Float) -> Value {
      Value(kind: 6, bytes: little(value.bitPattern))
    }
    package static func flag(_ value: Bool) -> Value { Value(kind: 7, bytes: [value ? 1 : 0]) }
    package static func text(_ value: String) -> Value {
      Value(kind: 8, bytes: counted(Array(value.utf8)))
    }
    package static func uint64(_ value: UInt64) -> Value { Value(kind: 10, bytes: little(value)) }
    package static func int64(_ value: Int64) -> Value { Value(kind: 11, bytes: little(value)) }
    package static func float64(_ value: Double) -> Value {
      Value(kind: 12, bytes: little(value.bitPattern))
    }

    /// `kind` is said for an empty list.
    package static func list(_ values: [Value], kind: UInt32? = nil) -> Value {
      let head = little(kind ?? values.first?.kind ?? 4) + little(UInt64(values.count))
      return Value(kind: 9, bytes: head + values.flatMap(\.bytes))
    }

    package static func texts(_ values: [String]) -> Value { list(values.map(text), kind: 8) }
  }

  package struct Tensor: Sendable {
    package var name: String
    package var code: UInt32
    package var shape: [UInt64]
    package var data: [UInt8]
    /// Where it is said to lie, instead of behind the one before.
    package var offset: UInt64?

    package init(
      _ name: String,
      _ type: TensorType = .f32,
      shape: [UInt64],
      data: [UInt8] = [],
      offset: UInt64? = nil
    ) {
      self.name = name
      code = type.rawValue
      self.shape = shape
      let size = type.size(of: shape.map { Int(truncatingIfNeeded: $0) }) ?? 0
      self.data = data.isEmpty ? Array(repeating: 0, count: min(size, 1 << 20)) : data
      self.offset = offset
    }
  }

  package var magic: [UInt8] = Array("GGUF".utf8)
  package var version: UInt32 = 3
  package var alignment = 32
  package var keys: [(String, Value)] = []
  package var tensors: [Tensor] = []
  /// What the header claims, instead of what follows.
  package var keyCount: UInt64?
  package var tensorCount: UInt64?

  package init(keys: [(String, Value)] = [], tensors: [Tensor] = []) {
    self.keys = keys
    self.tensors = tensors
  }

  package var bytes: [UInt8] { written().bytes }

  /// The file, and where in it each number of its structure stands: counts, lengths, kinds, codes,
  /// dimensions and offsets.
  package func written() -> (bytes: [UInt8], fields: [Range<Int>]) {
    var bytes = magic
    var fields: [Range<Int>] = []
    func append(_ number: some FixedWidthInteger) {
      let start = bytes.count
      bytes += little(number)
      fields.append(start..<bytes.count)
    }
    func append(name: String) {
      append(UInt64(name.utf8.count))
      bytes += name.utf8
    }
    append(version)
    append(tensorCount ?? UInt64(tensors.count))
    append(keyCount ?? UInt64(keys.count))
    for (key, value) in keys {
      append(name: key)
      append(value.kind)
      // A text's length, a list's kind and count, or a number itself.
      let start = bytes.count
      bytes += value.bytes
      if value.kind == 9 { fields.append(start..<min(start + 4, bytes.count)) }
      let number = start + (value.kind == 9 ? 4 : 0)
      fields.append(min(number, bytes.count)..<min(number + 8, bytes.count))
    }
    var data: [UInt8] = []
    for tensor in tensors {
      append(name: tensor.name)
      append(UInt32(tensor.shape.count))
      for length in tensor.shape { append(length) }
      append(tensor.code)
      append(tensor.offset ?? UInt64(data.count))
      data += tensor.data
      data += Array(repeating: 0, count: -data.count & (alignment - 1))
    }
    guard !tensors.isEmpty else { return (bytes, fields) }
    bytes += Array(repeating: 0, count: -bytes.count & (alignment - 1))
    return (bytes + data, fields)
  }
}

/// The bytes of a number, the lowest first.
package func little<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
  withUnsafeBytes(of: number.littleEndian) { Array($0) }
}

/// A text of GGUF: its length, then its bytes.
package func counted(_ bytes: [UInt8]) -> [UInt8] {
  little(UInt64(bytes.count)) + bytes
}
