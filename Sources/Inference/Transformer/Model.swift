/// A language model whose files are mapped and whose tensors are known to fit its shape.
package final class Model: Sendable {
  package let file: GGUFFile
  package let shape: ModelShape
  let weights: Weights

  /// Whether a file is a model that can be opened: its shape, and each tensor's place in it. Nothing is
  /// packed, and no weight is read.
  package static func check(_ file: GGUFFile) throws(ModelError) {
    _ = try Weights(of: file, shape: try ModelShape(of: file)) { _ in [] }
  }

  /// Opens a model where it lies. Its tensors are not read, they come in as they are used; those that
  /// have to be packed are packed, or found where they were.
  ///
  /// - Parameters:
  ///   - threads: pack together.
  ///   - progress: gets the bytes that are packed and all that are to be, if any.
  package init(
    file: GGUFFile,
    packed place: PackedPlace = .memory,
    threads: Int = 1,
    progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) throws(ModelError) {
    self.file = file
    let shape = try ModelShape(of: file)
    self.shape = shape
    weights = try Weights(of: file, shape: shape) { (matrices) throws(ModelError) in
      try Packing(matrices, of: file).packed(in: place, threads: threads, progress: progress)
    }
    // Vocabularies are read once more at most, to be prepared: megabytes that need not stay.
    for part in file.files { part.file.release(0..<part.headerSize) }
  }
}
