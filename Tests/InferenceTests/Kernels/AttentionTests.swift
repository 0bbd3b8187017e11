import CKernels
import Testing

@testable import Inference

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

@Suite struct AttentionTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var heads = 4
    var cacheHeads = 2
    var length = 64
    var queries = 1
    /// Positions in the cache; the last query sees all of them.
    var positions = 1
    var window: Int?
    var cap: Float = 0
    var testDescription: String {
      "\(heads)/\(cacheHeads) heads of \(length), \(queries) of \(positions) positions, "
        + "window \(window ?? 0), cap \(cap)"
    }
  }

  static let cases = [
    Case(), Case(positions: 3), Case(positions: 64), Case(positions: 65), Case(positions: 200),
    Case(heads: 6, cacheHeads: 6, positions: 77), Case(heads: 9, cacheHeads: 3, positions: 130),
    Case(heads: 7, cacheHeads: 1, length: 96, positions: 33),
    Case(heads: 5, cacheHeads: 1, length: 256, positions: 70),
    Case(length: 128, queries: 3, positions: 100),
    Case(heads: 2, cacheHeads: 1, length: 128, queries: 70, positions: 70),
    Case(heads: 2, queries: 40, positions: 200),
    Case(heads: 6, cacheHeads: 2, queries: 30, positions: 130, window: 40),
    Case(length: 32, queries: 9, positions: 90, window: 1),
    Case(length: 96, queries: 10, positions: 100, cap: 5), Case(positions: 90, cap: 3),
    Case(positions: 250, window: 64),
  ]

  @Test(arguments: cases) func `attention is that of the twin, sum by sum`(of shape: Case) {
    for form in [CK_CACHE_F16, CK_CACHE_Q8] {
      let run = Run(shape, form: form)
      let expected = run.twin()
      let size = expected.reduce(0.1) { max($0, abs($1)) }
      for level in MatrixKernelTests.levels {
        let found = run.attend(level: level, parts: [0, shape.cacheHeads])
        if FusedTwin.isFused(level) {
          #expect(found == expected, "level \(level.rawValue)")
        } else {
          // Queries and weights are rounded to f16, to either side of a border.
          let worst = zip(found, expected).map { abs($0 - $1) / size }.max() ?? .nan
          #expect(worst < 1e-3, "level \(level.rawValue)")
        }
        // Each cache head by itself gives the same bits.
        #expect(run.attend(level: level, parts: Array(0...shape.cacheHeads)) == found)
      }
    }
  }

  @Test(arguments: MatrixKernelTests.levels) func `a query that sees nothing gives zeros`(
    level: ck_level
  ) {
    for queries in [1, 8] {
      let run = Run(Case(queries: queries, positions: 40, window: 0), form: CK_CACHE_F16)
      let found = run.attend(level: level, parts: [0, 2])
      #expect(found == [Float](repeating: 0, count: found.count))
    }
  }

  @Test(arguments: MatrixKernelTests.levels) func `scores far apart neither overflow nor vanish`(
    level: ck_level
  ) {
    for queries in [1, 8] {
      let run = Run(Case(queries: queries, positions: 150), form: CK_CACHE_F16, loudness: 300)
      let found = run.attend(level: level, parts: [0, 2])
      let worst = zip(found, run.twin()).map { abs($0 - $1) }.max() ?? .nan
      #expect(worst < 1e-2)
    }
  }

  @Test(arguments: MatrixKernelTests.levels)
  func `a value that is not finite reaches only those who see it`(level: ck_level) {
    for wrong in [Float.infinity, .nan] {
      var run = Run(Case(length: 96, queries: 9, positions: 80), form: CK_CACHE_F16)
      let width = 4 * 96
      let plain = run.attend(level: level, parts: [0, 2])
      for i in (79 * 2 * 96)..<run.values.count { run.values[i] = wrong }
      let found = run.attend(level: level, parts: [0, 2])
      #expect(found.prefix(8 * width) == plain.prefix(8 * width))
      #expect(found.suffix(width).allSatisfy { !$0.isFinite })
      // Before what a window shows.
      run = Run(Case(length: 96, queries: 9, positions: 80, window: 5), form: CK_CACHE_F16)
      let windowed = run.attend(level: level, parts: [0, 2])
      for i in 0..<(60 * 2 * 96) { run.values[i] = wrong }
      #expect(run.attend(level: level, parts: [0, 2]) == windowed)
    }
  }
}

/// Queries and a cache, what the kernel makes of them, and what it should.
private struct Run {
  let shape: AttentionTests.Case
  let form: ck_cache_form
  let query: [Float]
  let keys: [Float]
  var values: [Float]
  let first: [Int]
  let end: [Int]
  let scale = 0.125

  init(_ shape: AttentionTests.Case, form: ck_cache_form, loudness: Float = 1) {
    self.shape = shape
    self.form = form
    var random = SplitMix(seed: 31)
    query = random.vector(shape.queries * shape.heads * shape.length).map { $0 * loudness }
    keys = random.vector(shape.positions * shape.cacheHeads * shape.length)
    values = random.vector(shape.positions * shape.cacheHeads * shape.length)
    let ends = (0..<shape.queries).map { shape.positions - shape.queries + $0 + 1 }
    end = ends
    first = ends.map { end in shape.window.map { max(0, end - $0) } ?? 0 }
  }

  private var rowSize: Int { ck_cache_row_size(form, shape.length) }

  /// Position by position, in it head by head.
  private func cached(_ numbers: [Float]) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: numbers.count / shape.length * rowSize)
    for row in 0..<(numbers.count / shape.length) {
      bytes.withUnsafeMutableBytes {
        ck_cache_row(
          form,
          Array(numbers[(row * shape.length)..<((row + 1) * shape.length)]),
          $0.baseAddress.map { $0 + row * rowSize },
          shape.length,
          CK_LEVEL_PORTABLE
        )
      }
    }
    return bytes
  }

  private func seen(_ numbers: [Float]) -> [Float] {
    (form == CK_CACHE_F16 ? TensorType.f16 : .q80).numbers(cached(numbers))
  }

  /// `parts`: where ranges of cache heads begin and end.
  func attend(level: ck_level, parts: [Int]) -> [Float] {
    let width = shape.heads * shape.length
    var out = [Float](repeating: .nan, count: shape.queries * width)
    out.withUnsafeMutableBufferPointer { out in
      query.withUnsafeBufferPointer { query in
        cached(keys).withUnsafeBytes { keys in
          cached(values).withUnsafeBytes { values in
            first.withUnsafeBufferPointer { first in
              end.withUnsafeBufferPointer { end in
                var attention = ck_attention(
                  form: form,
                  heads: shape.heads,
                  cache_heads: shape.cacheHeads,
                  head_length: shape.length,
                  queries: shape.queries,
                  query: query.baseAddress,
                  query_stride: width,
                  out: out.baseAddress,
                  out_stride: width,
                  keys: keys.baseAddress,
                  values: values.baseAddress,
                  position_stride: shape.cacheHeads * rowSize,
                  head_stride: rowSize,
                  first: first.baseAddress,
                  end: end.baseAddress,
                  scale: Float(scale),
                  cap: shape.cap
                )
                let scratch = UnsafeMutableRawBufferPointer.allocate(
                  byteCount: ck_attention_scratch(&attention),
                  alignment: 64
                )
                defer { scratch.deallocate() }
                for (from, to) in zip(parts, parts.dropFirst()) {
                  ck_attend(&attention, from, to, scratch.baseAddress, level)
                }
              }
            }
          }
        }
      }
    }
    return out
  }

  /// In the order of sums of ggml: 64 lanes for one query, 16 for several.
  func twin() -> [Float] {
    let keys = seen(keys)
    let values = seen(values)
    let group = shape.heads / shape.cacheHeads
    let lanes = shape.queries == 1 ? 64 : 16
    var out: [Float] = []
    for q in 0..<shape.queries {
      for h in 0..<shape.heads {
        let from = (q * shape.heads + h) * shape.length
        let query = query[from..<(from + shape.length)].map { Float(Float16($0)) }
        func place(_ p: Int) -> Int { (p * shape.cacheHeads + h / group) * shape.length }
        let seen = first[q]..<max(first[q], end[q])
        let scores = seen.map { p -> Float in
          let key = keys[place(p)..<(place(p) + shape.length)]
          let score = FusedTwin.dot(query, Array(key), lanes: lanes) * Float(scale)
          guard shape.cap > 0 else { return score }
          return (1 - 2 / (FusedTwin.exp(2 * (score / shape.cap)) + 1)) * shape.cap
        }
        let weights = weigh(scores, from: first[q])
        for i in 0..<shape.length {
          out.append(
            FusedTwin.dot(weights, seen.map { values[place($0) + i] }, lanes: lanes, from: first[q])
          )
        }
      }
    }
    return out
  }

  /// Exponentials are summed sixteen positions at a time, and these sums in double.
  private func weigh(_ scores: [Float], from first: Int) -> [Float] {
    guard let most = scores.max() else { return [] }
    let powers = scores.map { FusedTwin.exp($0 - most) }
    var sum = 0.0
    var at = first / 16 * 16
    while at < first + scores.count {
      sum += Double(
        FusedTwin.fold(
          (at..<(at + 16)).map { powers.indices.contains($0 - first) ? powers[$0 - first] : 0 }
        )
      )
      at += 16
    }
    return powers.map { Float(Float16($0 * Float(1 / sum))) }
  }
}
