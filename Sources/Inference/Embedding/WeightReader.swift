/// Tensors of a model by their names, each checked for the shape that the others ask for.
struct WeightReader {
  private let model: SafetensorsFile

  init(_ model: SafetensorsFile) { self.model = model }

  /// A matrix of f32; `rows` and `width` where they are known.
  func matrix(
    _ name: String,
    rows: Int? = nil,
    width: Int? = nil
  ) throws(EmbeddingError) -> SafetensorsFile.Tensor {
    let tensor = try tensor(name)
    guard tensor.shape.count == 2, rows ?? tensor.shape[0] == tensor.shape[0],
      width ?? tensor.shape[1] == tensor.shape[1], tensor.shape[0] > 0, tensor.shape[1] > 0
    else { throw .shape(tensor: name, tensor.shape, expected: [rows ?? -1, width ?? -1]) }
    return tensor
  }

  func vector(_ name: String, count: Int) throws(EmbeddingError) -> [Float] {
    let tensor = try tensor(name)
    guard tensor.shape == [count] else {
      throw .shape(tensor: name, tensor.shape, expected: [count])
    }
    return numbers(tensor)
  }

  /// The numbers of a matrix.
  func numbers(_ name: String, width: Int) throws(EmbeddingError) -> [Float] {
    numbers(try matrix(name, width: width))
  }

  private func tensor(_ name: String) throws(EmbeddingError) -> SafetensorsFile.Tensor {
    let tensor: SafetensorsFile.Tensor
    do { tensor = try model.tensor(name) } catch { throw .model(error) }
    guard tensor.type == .f32 else {
      throw .model(
        SafetensorsError(path: model.file.path, fault: .type(tensor: name, tensor.type.name))
      )
    }
    return tensor
  }

  private func numbers(_ tensor: SafetensorsFile.Tensor) -> [Float] {
    let bytes = tensor.bytes
    return (0..<bytes.count / 4).map {
      bytes.loadUnaligned(fromByteOffset: $0 * 4, as: Float.self)
    }
  }
}
