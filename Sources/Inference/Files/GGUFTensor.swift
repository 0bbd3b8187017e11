/// A tensor of a GGUF file, where it lies.
package struct GGUFTensor: Sendable {
  package let name: String
  package let type: TensorType
  /// One to four lengths, none of them zero; the first is that of a row, as GGUF writes them.
  package let shape: [Int]
  private let file: MappedFile
  private let range: Range<Int>

  init(name: String, type: TensorType, shape: [Int], file: MappedFile, range: Range<Int>) {
    self.name = name
    self.type = type
    self.shape = shape
    self.file = file
    self.range = range
  }

  /// Valid as long as this value or its file lives; as long as its shape and type say.
  package var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: file.bytes[range]) }

  /// Says that the numbers are not needed soon (`MappedFile.release`).
  package func release() { file.release(range) }

  /// Numbers a row.
  package var rowLength: Int { shape[0] }

  /// Rows, over all further dimensions.
  package var rows: Int { shape.dropFirst().reduce(1, *) }

  /// Bytes from the start of its file.
  package var offset: Int { range.lowerBound }
}

extension TensorType {
  /// Bytes of a tensor; nil where a row is no whole count of blocks, or more than can be counted.
  package func size(of shape: [Int]) -> Int? {
    guard let row = shape.first, row >= 0, row % blockLength == 0 else { return nil }
    var size = row / blockLength
    for factor in shape.dropFirst() + [blockSize] {
      let (product, overflows) = size.multipliedReportingOverflow(by: factor)
      guard factor >= 0, !overflows else { return nil }
      size = product
    }
    return size
  }

  /// What a code is known as, where it is one of those that are computed here or that were in use
  /// elsewhere when this was written (`ggml.h` of llama.cpp 4df29be).
  package static func name(ofCode code: UInt32) -> String? {
    TensorType(rawValue: code)?.name ?? foreign[code]
  }

  private static let foreign: [UInt32: String] = [
    6: "Q5_0", 7: "Q5_1", 9: "Q8_1", 10: "Q2_K", 11: "Q3_K", 13: "Q5_K", 15: "Q8_K",
    16: "IQ2_XXS", 17: "IQ2_XS", 18: "IQ3_XXS", 19: "IQ1_S", 20: "IQ4_NL", 21: "IQ3_S",
    22: "IQ2_S", 23: "IQ4_XS", 24: "I8", 25: "I16", 26: "I32", 27: "I64", 28: "F64", 29: "IQ1_M",
    34: "TQ1_0", 39: "MXFP4", 40: "NVFP4",
  ]
}
