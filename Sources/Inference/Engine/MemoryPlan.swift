/// The memory that a model takes in an engine with given options, known before anything is loaded.
package struct MemoryPlan: Sendable, Equatable {
  /// Bytes of the files, which are mapped: shared with other processes, and given back under pressure.
  package let weights: Int
  /// Bytes of the cache when it is full; it begins empty and fills with use.
  package let cache: Int
  /// Bytes for what a step computes on its way.
  package let work: Int

  package var total: Int { weights + cache + work }

  package init(model: Model, options: EngineOptions) throws(EngineError) {
    let limits = try EngineLimits(options, model: model)
    weights = model.file.files.reduce(0) { $0 + $1.file.bytes.count }
    cache = limits.positions * limits.layout(model.shape).positionSize
    work = WorkSpace.size(
      model.shape,
      preparedSize: model.weights.preparedSize,
      columns: limits.columns,
      outputs: limits.parallel
    )
  }
}

/// Options held against a model.
struct EngineLimits: Sendable, Equatable {
  let contextLength: Int
  let parallel: Int
  let positions: Int
  let chunk: Int
  let sharedChunk: Int
  let form: CacheLayout.Form

  /// Bytes of work space that every model may have.
  private static let leastWork = 64 * 1024 * 1024
  /// The same for each byte of a model's files: ten times what ordinary ones need.
  private static let workPerWeight = 4

  /// So much work space is nobody's concern, and beyond it one byte for each so many of a model's files:
  /// a prompt is read no faster by more columns than keep the kernels busy.
  private static let freeWork = 1024 * 1024
  private static let weightsPerWork = 40
  private static let leastChunk = 32

  /// - Parameter model: chunks become shorter where its shape asks for more memory than its files
  ///   justify: small ones may describe the widest layers.
  init(_ options: EngineOptions, model: Model) throws(EngineError) {
    let shape = model.shape
    func check(_ value: Int, _ allowed: ClosedRange<Int>, _ name: String) throws(EngineError) -> Int
    {
      guard allowed.contains(value) else {
        throw .options("\(name) is \(value), allowed is \(allowed)")
      }
      return value
    }
    _ = try check(options.threads, 1...256, "threads")
    _ = try check(options.queueLimit, 0...1_000_000, "queueLimit")
    contextLength = try check(
      options.contextLength ?? min(8192, shape.contextLength),
      1...shape.contextLength,
      "contextLength"
    )
    parallel = try check(options.parallel, 1...256, "parallel")
    positions = try check(
      options.cachePositions ?? 2 * contextLength,
      contextLength...1_073_741_824,
      "cachePositions"
    )
    form = options.cacheForm
    let stated = try check(options.chunk, 1...4096, "chunk")
    let statedShared = try check(options.sharedChunk, 1...4096, "sharedChunk")
    let preparedSize = model.weights.preparedSize
    let outputs = parallel
    func work(_ columns: Int) -> Int {
      WorkSpace.size(shape, preparedSize: preparedSize, columns: columns, outputs: outputs)
    }
    let weights = model.file.files.reduce(0) { $0 + $1.file.bytes.count }
    let most = max(Self.leastWork, Self.workPerWeight * weights)
    let fitting = (most - work(0)) / max(1, work(1) - work(0))
    let needed = (1 + 2 * StepPlan.least) * parallel + StepPlan.least
    guard fitting >= needed else {
      throw .options(
        "parallel is \(parallel), for which a step of this model takes \(work(needed)) bytes, and"
          + " \(weights) bytes of files justify \(most); lower parallel, or the file is damaged"
      )
    }
    let frugal = max(Self.freeWork, weights / Self.weightsPerWork) / max(1, work(1) - work(0))
    chunk = min(stated, max(Self.leastChunk, frugal), fitting - 2 * StepPlan.least * parallel)
    sharedChunk = min(statedShared, fitting - (1 + 2 * StepPlan.least) * parallel)
  }

  /// Tokens of one step at most: one of each answer, a chunk, and what is not left over of prompts.
  var columns: Int { max(chunk, parallel + sharedChunk) + 2 * StepPlan.least * parallel }

  func layout(_ shape: ModelShape) -> CacheLayout {
    CacheLayout(shape, form: form, positions: contextLength)
  }
}
