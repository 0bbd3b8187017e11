import CKernels

extension Forward {
  /// Queries that one thread takes at once: enough to use each key and value read for several.
  private static let block = 32

  /// Fewer than `StepPlan.least` are summed in another order, so that so few at the end go with those
  /// before them: where blocks end must not show in a result.
  private static func blocks(_ count: Int) -> [Range<Int>] {
    var blocks: [Range<Int>] = []
    var start = 0
    while start < count {
      let end = count - start < block + StepPlan.least ? count : start + block
      blocks.append(start..<end)
      start = end
    }
    return blocks
  }

  static func scratchSize(_ shape: ModelShape, cache: CacheLayout, queries: Int) -> Int {
    var end = [Int](repeating: cache.positions, count: min(block + StepPlan.least, queries))
    var first = [Int](repeating: 0, count: end.count)
    return end.withUnsafeMutableBufferPointer { end in
      first.withUnsafeMutableBufferPointer { first in
        var attention = ck_attention()
        attention.form = cache.form.code
        attention.heads = shape.heads
        attention.cache_heads = shape.cacheHeads
        attention.head_length = shape.headSize
        attention.queries = end.count
        attention.first = UnsafePointer(first.baseAddress)
        attention.end = UnsafePointer(end.baseAddress)
        return (ck_attention_scratch(&attention) + 63) / 64 * 64
      }
    }
  }

  /// The first half of a layer: what each token takes from those before it.
  func attention(_ layer: Weights.Layer, index: Int, runs: [Run], count: Int) {
    norm(space.state, layer.attentionNorm, to: space.normed, count: count)
    multiply(
      [
        Product(layer.query, space.query), Product(layer.key, space.key),
        Product(layer.value, space.value),
      ],
      by: space.normed,
      count: count
    )
    var column = 0
    var tasks: [(run: Run, column: Int, queries: Range<Int>)] = []
    for run in runs {
      store(layer, index: index, run: run, column: column)
      for queries in Self.blocks(run.tokens.count) { tasks.append((run, column, queries)) }
      column += run.tokens.count
    }
    let heads = shape.cacheHeads
    team.each(tasks.count * heads, grain: 1) { part, thread in
      for task in part {
        let (run, column, queries) = tasks[task / heads]
        attend(
          index,
          run: run,
          column: column,
          queries: queries,
          head: task % heads,
          thread: thread
        )
      }
    }
    multiply([Product(layer.attentionOutput, space.result)], by: space.attended, count: count)
    add(space.result, norm: layer.attentionResultNorm, width: shape.width, count: count)
  }

  /// Norms and turns queries and keys, and puts keys and values into the cache.
  private func store(_ layer: Weights.Layer, index: Int, run: Run, column: Int) {
    let turns = shape.window(ofLayer: index) == nil ? space.turns : space.localTurns
    let rotates = shape.rotates(layer: index)
    team.each(run.tokens.count, grain: 1) { part, _ in
      for offset in part {
        let query = space.query + (column + offset) * shape.queryWidth
        let key = space.key + (column + offset) * shape.cacheWidth
        if let norm = layer.queryNorm { normHeads(query, shape.heads, norm) }
        if let norm = layer.keyNorm { normHeads(key, shape.cacheHeads, norm) }
        if rotates {
          let turn = turns + (column + offset) * shape.rotation.size
          rotate(query, shape.heads, turn)
          rotate(key, shape.cacheHeads, turn)
        }
        let value = space.value + (column + offset) * shape.cacheWidth
        keep(key, in: cache.keys(run.slot, layer: index), at: run.position + offset)
        keep(value, in: cache.values(run.slot, layer: index), at: run.position + offset)
      }
    }
  }

  private func normHeads(_ row: UnsafeMutablePointer<Float>, _ heads: Int, _ norm: Vector) {
    for head in 0..<heads {
      let start = row + head * shape.headSize
      ck_rms_norm(start, norm.start, start, shape.headSize, shape.epsilon, level)
    }
  }

  private func rotate(
    _ row: UnsafeMutablePointer<Float>,
    _ heads: Int,
    _ turn: UnsafeMutablePointer<Float>
  ) {
    let layout =
      switch shape.rotation.pairs {
      case .neighbours: CK_ROPE_NEIGHBOURS
      case .halves: CK_ROPE_HALVES
      }
    ck_rope(
      row,
      heads,
      shape.headSize,
      shape.rotation.size,
      turn,
      turn + shape.rotation.size / 2,
      layout,
      level
    )
  }

  private func keep(
    _ row: UnsafeMutablePointer<Float>,
    in strips: UnsafeMutableRawPointer?,
    at position: Int
  ) {
    guard let strips else { return }
    for head in 0..<shape.cacheHeads {
      ck_cache_row(
        cache.layout.form.code,
        row + head * shape.headSize,
        strips + head * cache.layout.stripSize + position * cache.layout.rowSize,
        shape.headSize,
        level
      )
    }
  }

  private func attend(
    _ index: Int,
    run: Run,
    column: Int,
    queries: Range<Int>,
    head: Int,
    thread: Int
  ) {
    let window = shape.window(ofLayer: index)?.positions ?? Int.max
    withUnsafeTemporaryAllocation(of: Int.self, capacity: 2 * queries.count) { bounds in
      guard let first = bounds.baseAddress else { return }
      let end = first + queries.count
      for (place, query) in queries.enumerated() {
        end[place] = run.position + query + 1
        first[place] = max(0, end[place] - window)
      }
      let offset = (column + queries.lowerBound) * shape.queryWidth
      var attention = ck_attention(
        form: cache.layout.form.code,
        heads: shape.heads,
        cache_heads: shape.cacheHeads,
        head_length: shape.headSize,
        queries: queries.count,
        query: space.query + offset,
        query_stride: shape.queryWidth,
        out: space.attended + offset,
        out_stride: shape.queryWidth,
        keys: cache.keys(run.slot, layer: index),
        values: cache.values(run.slot, layer: index),
        position_stride: cache.layout.rowSize,
        head_stride: cache.layout.stripSize,
        first: first,
        end: end,
        scale: shape.attentionScale,
        cap: shape.attentionCap ?? 0
      )
      ck_attend(&attention, head, head + 1, scratch(of: thread), level)
    }
  }
}
