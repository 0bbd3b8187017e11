import CKernels
import Glibc

/// Memory for what a step computes on its way, for so many tokens at once.
final class WorkSpace {
  /// One row a token each; `query`, `key` and `value` after the projections.
  let state: UnsafeMutablePointer<Float>
  let normed: UnsafeMutablePointer<Float>
  let query: UnsafeMutablePointer<Float>
  let key: UnsafeMutablePointer<Float>
  let value: UnsafeMutablePointer<Float>
  let attended: UnsafeMutablePointer<Float>
  let result: UnsafeMutablePointer<Float>
  let gate: UnsafeMutablePointer<Float>
  let up: UnsafeMutablePointer<Float>
  /// One row a wanted token.
  let logits: UnsafeMutablePointer<Float>
  let prepared: UnsafeMutableRawPointer
  /// Cosines, then sines, a row a token; `local` for layers with a window.
  let turns: UnsafeMutablePointer<Float>
  let localTurns: UnsafeMutablePointer<Float>
  let size: Int
  private let start: UnsafeMutableRawPointer

  /// What a work space takes; nothing is allocated.
  static func size(_ shape: ModelShape, preparedSize: Int, columns: Int, outputs: Int) -> Int {
    var offset = 0
    for part in parts(shape, preparedSize: preparedSize, columns: columns, outputs: outputs) {
      offset += part
    }
    return offset
  }

  private static func parts(
    _ shape: ModelShape,
    preparedSize: Int,
    columns: Int,
    outputs: Int
  ) -> [Int] {
    let rows = [
      shape.width, shape.width, shape.queryWidth, shape.cacheWidth, shape.cacheWidth,
      shape.queryWidth, shape.width, shape.innerWidth, shape.innerWidth,
    ]
    let sizes =
      rows.map { $0 * columns * 4 } + [
        shape.vocabulary * outputs * 4, preparedSize * columns,
        shape.rotation.size * columns * 4, shape.rotation.size * columns * 4,
      ]
    return sizes.map { ($0 + 63) / 64 * 64 }
  }

  init(
    _ shape: ModelShape,
    preparedSize: Int,
    columns: Int,
    outputs: Int
  ) throws(ModelError) {
    let parts = Self.parts(shape, preparedSize: preparedSize, columns: columns, outputs: outputs)
    size = parts.reduce(0, +)
    let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
    guard let start = mmap(nil, size, PROT_READ | PROT_WRITE, flags, -1, 0), start != MAP_FAILED
    else { throw .noMemory(bytes: size) }
    self.start = start
    var offset = 0
    var places: [UnsafeMutableRawPointer] = []
    for part in parts {
      places.append(start + offset)
      offset += part
    }
    func floats(_ index: Int) -> UnsafeMutablePointer<Float> {
      places[index].bindMemory(to: Float.self, capacity: parts[index] / 4)
    }
    state = floats(0)
    normed = floats(1)
    query = floats(2)
    key = floats(3)
    value = floats(4)
    attended = floats(5)
    result = floats(6)
    gate = floats(7)
    up = floats(8)
    logits = floats(9)
    prepared = places[10]
    turns = floats(11)
    localTurns = floats(12)
  }

  deinit {
    munmap(start, size)
  }
}
