import CKernels

/// Brings the matrices of a model into the order that their kernels read.
struct Packing {
  /// A matrix that is not packed, and the tensor that it is the whole of; nil if it is a part.
  struct Loose {
    let matrix: WeightMatrix
    let tensor: GGUFTensor?
  }

  private let loose: [Loose]
  private let file: GGUFFile

  /// Grows with each change of a packed form, so that what was packed before is packed anew.
  private static let form = 1

  init(_ loose: [Loose], of file: GGUFFile) {
    self.loose = loose
    self.file = file
  }

  /// The matrices as their kernels read them, in the same order.
  ///
  /// - Parameter progress: gets the bytes that are packed and all that are to be; not called if all
  ///   of it was there.
  func packed(
    in place: PackedPlace,
    threads: Int,
    progress: (_ done: Int, _ total: Int) -> Void
  ) throws(ModelError) -> [WeightMatrix] {
    if loose.isEmpty { return [] }
    if case .folder(let folder) = place, let matrices = mapped(folder, progress) { return matrices }
    return try own(threads, progress)
  }

  /// Mapped from a sidecar; nil if there can be none, in which case memory has to do. A sidecar holds
  /// whole tensors.
  private func mapped(_ folder: String, _ progress: (Int, Int) -> Void) -> [WeightMatrix]? {
    guard loose.allSatisfy({ $0.tensor != nil }) else { return nil }
    let parts = loose.compactMap { loose in
      loose.tensor.map { tensor in
        SidecarPart(tensor, rowGroup: loose.matrix.rowGroup, form: Self.form) {
          (rows, packed, count, rowLength) in
          let kernel = ck_matrix_kernel_for(Int32(tensor.type.rawValue), ck_machine_level())
          kernel?.pointee.pack?(rows, packed, count, rowLength)
        }
      }
    }
    let sidecar = try? Sidecar(of: file, parts: parts, folder: folder) { step in
      progress(step.done, step.total)
      return true
    }
    guard let sidecar else { return nil }
    // Who looks whether a sidecar is this model's reads a little of each tensor.
    for loose in loose { loose.tensor?.release() }
    let matrices = loose.compactMap { loose in
      loose.tensor.flatMap { sidecar.bytes(of: $0.name)?.baseAddress }.map {
        loose.matrix.packed(at: $0, keeping: sidecar)
      }
    }
    return matrices.count == loose.count ? matrices : nil
  }

  private func own(
    _ threads: Int,
    _ progress: (Int, Int) -> Void
  ) throws(ModelError) -> [WeightMatrix] {
    func aligned(_ size: Int) -> Int { (size + 63) / 64 * 64 }
    let total = loose.reduce(0) { $0 + aligned($1.matrix.size) }
    guard let memory = PackedMemory(count: total) else { throw .noMemory(bytes: total) }
    let team = Team(threads: threads)
    var done = 0
    progress(0, total)
    return loose.map { loose in
      let matrix = loose.matrix
      let start = memory.start + done
      team.each(matrix.rows, grain: 64 * matrix.rowGroup) { rows, _ in
        matrix.pack(rows: rows, to: start)
      }
      // What was read of the file is not needed again.
      loose.tensor?.release()
      done += aligned(matrix.size)
      progress(done, total)
      return matrix.packed(at: start, keeping: memory)
    }
  }
}
