import CKernels
import Foundation
import Testing

@testable import Inference

@Suite struct PackingTests {
  /// The tiny model with one matrix of 1-bit weights, in a file.
  private func path(in folder: URL) throws -> String {
    var writer = TinyModel.writer()
    var random = RandomStream(seed: 4)
    let index = try #require(writer.tensors.firstIndex { $0.name == "output.weight" })
    // Rows of 128 numbers: the type's blocks are so long.
    let block = 18
    let rows = 32
    let bytes = (0..<(128 * rows / 128 * block)).map { place in
      // A scale of 0.01 to 0.03, then bits.
      place % block == 1
        ? UInt8(0x24) : UInt8(truncatingIfNeeded: random.next())
    }
    writer.tensors[index] = GGUFWriter.Tensor(
      "packed.weight",
      .q10,
      shape: [128, UInt64(rows)],
      data: bytes
    )
    let path = folder.appending(path: "tiny.gguf").path
    try Data(writer.bytes).write(to: URL(filePath: path))
    return path
  }

  private func products(_ matrix: WeightMatrix) -> [Float] {
    let x = (0..<matrix.columns).map { Float($0 % 7) - 3 }
    let prepared = UnsafeMutableRawPointer.allocate(
      byteCount: matrix.activationSize,
      alignment: 64
    )
    defer { prepared.deallocate() }
    ck_prepare_activation(
      matrix.activation,
      x,
      prepared,
      matrix.columns,
      ck_machine_level()
    )
    var y = [Float](repeating: 0, count: matrix.rows)
    matrix.multiply(
      rows: 0..<matrix.rows,
      x: prepared,
      xStride: matrix.activationSize,
      count: 1,
      y: &y,
      yStride: matrix.rows
    )
    return y
  }

  @Test func `what was packed once is found again, and packed anew for another model`() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(
      at: folder,
      withIntermediateDirectories: true,
      attributes: [.posixPermissions: 0o700]
    )
    defer { try? FileManager.default.removeItem(at: folder) }
    func packed(
      _ path: String,
      in place: PackedPlace,
      asPart: Bool = false
    ) throws -> (products: [Float], done: Int) {
      let file = try GGUFFile(path: path)
      let tensor = try file.tensor("packed.weight")
      let matrix = try #require(WeightMatrix(tensor: tensor, rows: 0..<tensor.rows))
      var done = 0
      let loose = Packing.Loose(matrix: matrix, tensor: asPart ? nil : tensor)
      let ready = try Packing([loose], of: file).packed(in: place, threads: 1) { now, _ in
        done = now
      }
      return (products(ready[0]), done)
    }
    func files() throws -> [String] {
      try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    }
    let path = try path(in: folder)
    let own = try packed(path, in: .memory)
    #expect(own.done == 32 * 18 && own.products.contains { $0 != 0 })
    // Parts of tensors lie in memory: nothing is written that would not be read.
    let part = try packed(path, in: .folder(folder.path), asPart: true)
    #expect(part.done == 32 * 18 && part.products == own.products)
    #expect(try files() == ["tiny.gguf"])
    let written = try packed(path, in: .folder(folder.path))
    #expect(written.done == 32 * 18 && written.products == own.products)
    #expect(try files().count == 2)
    let found = try packed(path, in: .folder(folder.path))
    #expect(found.done == 0 && found.products == own.products)
    // A file that was cut short is not trusted.
    let name = try #require(try files().last { $0 != "tiny.gguf" })
    let whole = try Data(contentsOf: folder.appending(path: name))
    try whole.dropLast().write(to: folder.appending(path: name))
    #expect(try packed(path, in: .folder(folder.path)).done == 32 * 18)
    // Another model under the same name, and a folder that is none.
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSince1970: 1)],
      ofItemAtPath: path
    )
    #expect(try packed(path, in: .folder(folder.path)).done == 32 * 18)
    #expect(try files().count == 3)
    let nowhere = try packed(path, in: .folder(path))
    #expect(nowhere.done == 32 * 18 && nowhere.products == own.products)
  }
}
