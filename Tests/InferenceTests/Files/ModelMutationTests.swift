import Testing

@testable import Inference

@Suite struct ModelMutationTests {
  @Test func `what the mutations begin with is taken`() throws {
    for (index, writer) in GGUFWriter.seeds.enumerated() {
      #expect(ModelJudge.gguf([MappedFile(bytes: writer.bytes)]) == .taken, "\(index)")
    }
    for (index, writer) in GGUFWriter.seeds[1...3].enumerated() {
      let model = try GGUFFile(bytes: writer.bytes)
      for (name, read) in ModelJudge.readers {
        #expect(read(model).isTaken, "the \(name) of \(index)")
      }
    }
    let shards = (0..<3).map { MappedFile(bytes: GGUFWriter.shard($0, of: 3).bytes) }
    #expect(ModelJudge.gguf(shards) == .taken)
  }

  @Test func `ten thousand mutated models break no rule`() {
    let memory = GuardedMemory()
    var taken = 0
    for seed in 0..<10_000 as Range<UInt64> {
      var mutator = ModelMutator(seed: seed)
      let verdict = ModelJudge.gguf([memory.file(mutator.file())])
      if case .broken(let rule) = verdict { Issue.record("seed \(seed): \(rule)") }
      if verdict == .taken { taken += 1 }
    }
    #expect((1000..<9000).contains(taken), "\(taken) of 10,000 are taken")
  }

  @Test func `two thousand mutated models of several files break no rule`() {
    let memories = (0..<5).map { _ in GuardedMemory() }
    var taken = 0
    for seed in 0..<2_000 as Range<UInt64> {
      var mutator = ModelMutator(seed: seed)
      let files = zip(memories, mutator.shards()).map { $0.file($1) }
      let verdict = ModelJudge.gguf(files)
      if case .broken(let rule) = verdict { Issue.record("seed \(seed): \(rule)") }
      if verdict == .taken { taken += 1 }
    }
    #expect((150..<1850).contains(taken), "\(taken) of 2,000 are taken")
  }

  @Test func `twenty thousand mutated files of safetensors break no rule`() {
    let memory = GuardedMemory()
    var taken = 0
    for seed in 0..<20_000 as Range<UInt64> {
      var mutator = ModelMutator(seed: seed)
      let verdict = ModelJudge.safetensors(memory.file(mutator.safetensors()))
      if case .broken(let rule) = verdict { Issue.record("seed \(seed): \(rule)") }
      if verdict == .taken { taken += 1 }
    }
    #expect((2000..<18_000).contains(taken), "\(taken) of 20,000 are taken")
  }
}
