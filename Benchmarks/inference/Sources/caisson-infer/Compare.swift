import Glibc
@testable import Inference

/// A model with a cache and one sequence, without an engine around them.
struct Bare {
  let model: Model
  let forward: Forward
  let cache: KVCache

  /// - Parameter columns: tokens of one step; nil: as many as an engine takes.
  init(path: String, threads: Int, columns: Int?, outputs: Int, positions: Int) throws {
    let place = getenv("PACKED").map { PackedPlace.folder(String(cString: $0)) } ?? .memory
    model = try Model(file: GGUFFile(path: path), packed: place, threads: threads)
    let limits = try EngineLimits(EngineOptions(), model: model)
    let layout = CacheLayout(model.shape, form: .f16, positions: positions)
    cache = KVCache(layout: layout, slots: 1)
    guard cache.open(0) else { throw ModelError.noMemory(bytes: layout.slotSize) }
    forward = try Forward(
      weights: model.weights,
      shape: model.shape,
      cache: cache,
      team: Team(threads: threads),
      columns: columns ?? limits.chunk,
      outputs: outputs
    )
  }

  /// The best token of a row of logits.
  func best(_ logits: UnsafePointer<Float>) -> Int32 {
    var best = 0
    for token in 0..<model.shape.vocabulary where logits[token] > logits[best] { best = token }
    return Int32(best)
  }
}

func threads() -> Int { Int(getenv("THREADS").map { String(cString: $0) } ?? "1") ?? 1 }

func tokens(_ line: String) -> [Int32] { line.split(separator: " ").compactMap { Int32($0) } }

func compareGreedy(_ arguments: [String]) throws {
  let bare = try Bare(
    path: arguments[2],
    threads: threads(),
    columns: 512,
    outputs: 1,
    positions: 2048
  )
  let count = Int(arguments[3]) ?? 64
  while let line = readLine() {
    let prompt = tokens(line)
    var out: [Int32] = []
    var position = 0
    var next = prompt[...]
    while out.count < count {
      let logits = bare.forward.step([
        Run(slot: 0, position: position, tokens: next, wanted: .last)
      ])
      position += next.count
      out.append(bare.best(logits))
      next = out.suffix(1)
    }
    print(out.map(String.init).joined(separator: " "))
  }
}

func compareLogits(_ arguments: [String]) throws {
  guard let line = readLine() else { return }
  let all = tokens(line)
  let bare = try Bare(
    path: arguments[2],
    threads: threads(),
    columns: 64,
    outputs: 64,
    positions: (all.count + 63) / 64 * 64
  )
  guard let file = fopen(arguments[3], "w") else { return }
  // Tokens a step: what comes out must not depend on it.
  let size = min(64, max(1, getenv("STEP").flatMap { Int(String(cString: $0)) } ?? 64))
  for start in stride(from: 0, to: all.count, by: size) {
    let part = all[start..<min(all.count, start + size)]
    let logits = bare.forward.step([Run(slot: 0, position: start, tokens: part, wanted: .all)])
    fwrite(logits, 4, part.count * bare.model.shape.vocabulary, file)
  }
  fclose(file)
}

/// What a step has computed on its way, in the form of `reference steps`, as far as it still lies there
/// when the next layer begins.
func writeSteps(_ arguments: [String]) throws {
  guard let line = readLine(), let file = fopen(arguments[3], "w") else { return }
  let all = tokens(line)
  let bare = try Bare(
    path: arguments[2],
    threads: threads(),
    columns: all.count,
    outputs: 1,
    positions: all.count
  )
  let shape = bare.model.shape
  let space = bare.forward.space
  func write(_ name: String, _ numbers: UnsafePointer<Float>, _ width: Int, _ rows: Int) {
    let line = "\(name) \(width) \(rows) 1\n"
    _ = line.withCString { fwrite($0, 1, strlen($0), file) }
    fwrite(numbers, 4, width * rows, file)
  }
  var layer = 0
  func writeLayer() {
    for (name, numbers, width) in [
      ("Qcur", space.query, shape.queryWidth), ("Kcur", space.key, shape.cacheWidth),
      ("Vcur", space.value, shape.cacheWidth), ("kqv_out", space.attended, shape.queryWidth),
      ("ffn_norm", space.normed, shape.width), ("ffn_swiglu", space.gate, shape.innerWidth),
      ("ffn_out", space.result, shape.width), ("l_out", space.state, shape.width),
    ] { write("\(name)-\(layer - 1)", numbers, width, all.count) }
  }
  let run = Run(slot: 0, position: 0, tokens: all[...], wanted: .last)
  let logits = bare.forward.step([run]) {
    if layer > 0 { writeLayer() }
    layer += 1
    return false
  }
  if let logits { write("result_output", logits, shape.vocabulary, 1) }
  fclose(file)
}

func complain(_ text: String) {
  let line = text + "\n"
  _ = line.withCString { write(2, $0, strlen($0)) }
}
