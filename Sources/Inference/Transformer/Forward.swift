import CKernels
import Glibc

/// Takes tokens of several sequences through a model in one step.
///
/// All tokens of a step meet each matrix together, whichever sequence they belong to; only attention
/// looks at each sequence for itself. Not for several threads at once.
final class Forward {
  let shape: ModelShape
  let cache: KVCache
  /// Tokens that one step takes at most.
  let columns: Int
  /// Rows of logits that one step gives at most.
  let outputs: Int
  let weights: Weights
  let team: Team
  let space: WorkSpace
  let level = ck_machine_level()
  let turns: Turns
  let localTurns: Turns?
  /// Rows of the embedding that were looked up since the file's pages were let go.
  private var lookups = 0
  private let scratch: UnsafeMutableRawPointer
  private let scratchSize: Int

  init(
    weights: Weights,
    shape: ModelShape,
    cache: KVCache,
    team: Team,
    columns: Int,
    outputs: Int
  ) throws(ModelError) {
    self.weights = weights
    self.shape = shape
    self.cache = cache
    self.team = team
    self.columns = columns
    self.outputs = outputs
    space = try WorkSpace(
      shape,
      preparedSize: weights.preparedSize,
      columns: columns,
      outputs: outputs
    )
    turns = shape.rotation.turns(
      base: shape.rotation.base,
      divisors: weights.rotationDivisors
    )
    localTurns = shape.window.map { window in
      var rotation = shape.rotation
      if shape.architecture == .gemma3 { rotation.scaling = .none }
      return rotation.turns(base: window.rotationBase, divisors: weights.rotationDivisors)
    }
    scratchSize = Self.scratchSize(shape, cache: cache.layout, queries: columns)
    scratch = UnsafeMutableRawPointer.allocate(
      byteCount: max(64, scratchSize * team.threads),
      alignment: 64
    )
  }

  deinit {
    scratch.deallocate()
  }

  /// One step. The logits of wanted tokens come in the order of runs, a row each; they stay until the
  /// next step and may be written over. Nil if it was over before: what it has stored by then is of no
  /// use.
  ///
  /// - Parameter isOver: asked before each layer.
  /// - Precondition: the runs hold no more tokens than `columns` and want no more than `outputs`, each
  ///   token is one of the vocabulary, and each run's slot is open and long enough.
  func step(_ runs: [Run], isOver: () -> Bool) -> UnsafeMutablePointer<Float>? {
    let count = runs.reduce(0) { $0 + $1.tokens.count }
    precondition(count <= columns && runs.reduce(0) { $0 + $1.rows } <= outputs)
    embed(runs)
    for (index, layer) in weights.layers.enumerated() {
      if isOver() { return nil }
      attention(layer, index: index, runs: runs, count: count)
      feedForward(layer, count: count)
    }
    return output(runs)
  }

  /// One step that nothing ends before.
  func step(_ runs: [Run]) -> UnsafeMutablePointer<Float> {
    step(runs, isOver: { false }) ?? space.logits
  }

  private func embed(_ runs: [Run]) {
    // A row of a kilobyte brings in 64 of them: left alone, the embedding would come to lie in memory
    // beside its packed form, a fifth of a small model.
    if lookups >= 32 {
      weights.lookup?.release()
      lookups = 0
    }
    lookups += runs.reduce(0) { $0 + $1.tokens.count }
    var column = 0
    for run in runs {
      for (offset, token) in run.tokens.enumerated() {
        let row = space.state + column * shape.width
        weights.embedding.row(Int(token), to: row)
        if shape.embeddingScale != 1 { ck_scale(row, shape.width, shape.embeddingScale, level) }
        turns.place(run.position + offset, space.turns + column * shape.rotation.size)
        localTurns?.place(
          run.position + offset,
          space.localTurns + column * shape.rotation.size
        )
        column += 1
      }
    }
  }

  private func feedForward(_ layer: Weights.Layer, count: Int) {
    let width = shape.width
    let inner = shape.innerWidth
    norm(space.state, layer.innerNorm, to: space.normed, count: count)
    multiply(
      [Product(layer.gate, space.gate), Product(layer.up, space.up)],
      by: space.normed,
      count: count
    )
    team.each(count, grain: 1) { part, _ in
      for column in part {
        let gate = space.gate + column * inner
        let up = space.up + column * inner
        switch shape.architecture.gate {
        case .silu: ck_silu_times(gate, up, gate, inner, level)
        case .gelu: ck_gelu_times(gate, up, gate, inner, level)
        }
      }
    }
    multiply([Product(layer.down, space.result)], by: space.gate, count: count)
    add(space.result, norm: layer.innerResultNorm, width: width, count: count)
  }

  /// Adds what a part of a layer gave to the state.
  func add(_ result: UnsafeMutablePointer<Float>, norm: Vector?, width: Int, count: Int) {
    if let norm { self.norm(result, norm, to: result, count: count) }
    ck_add(space.state, result, width * count, level)
  }

  /// RMSNorm of rows as wide as the state.
  func norm(
    _ rows: UnsafeMutablePointer<Float>,
    _ weight: Vector,
    to out: UnsafeMutablePointer<Float>,
    count: Int
  ) {
    team.each(count, grain: 1) { part, _ in
      for column in part {
        let offset = column * shape.width
        ck_rms_norm(
          rows + offset,
          weight.start,
          out + offset,
          shape.width,
          shape.epsilon,
          level
        )
      }
    }
  }

  private func output(_ runs: [Run]) -> UnsafeMutablePointer<Float> {
    var rows = 0
    var column = 0
    for run in runs {
      let end = column + run.tokens.count
      for wanted in (end - run.rows)..<end {
        memmove(
          space.result + rows * shape.width,
          space.state + wanted * shape.width,
          shape.width * 4
        )
        rows += 1
      }
      column = end
    }
    guard rows > 0 else { return space.logits }
    norm(space.result, weights.outputNorm, to: space.normed, count: rows)
    let projection = Weights.Projection(matrix: weights.output, bias: nil)
    multiply([Product(projection, space.logits)], by: space.normed, count: rows)
    if let cap = shape.outputCap { ck_soft_cap(space.logits, rows * shape.vocabulary, cap, level) }
    return space.logits
  }

  /// The scratch memory of one thread.
  func scratch(of thread: Int) -> UnsafeMutableRawPointer { scratch + thread * scratchSize }
}
