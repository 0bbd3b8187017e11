import Foundation
import Glibc
import Testing

@testable import Inference

@Suite struct KnownModelsTests {
  @Test func `each entry can be pulled and told from others`() throws {
    let all = KnownModels.all
    #expect(Set(all.map(\.name)).count == all.count && Set(all.map(\.file)).count == all.count)
    for model in all {
      let url = try #require(URL(string: model.address), "\(model.name)")
      #expect(url.scheme == "https" && url.lastPathComponent == model.file, "\(model.name)")
      #expect(model.size > 50_000_000 && model.size < 4_000_000_000, "\(model.name)")
      if let hash = model.hash {
        #expect(hash.count == 64 && hash.allSatisfy { "0123456789abcdef".contains($0) })
      }
      #expect(model.revision == "main" || model.revision.count == 40, "\(model.name)")
    }
    #expect(Set(all.compactMap(\.hash)).count == all.compactMap(\.hash).count)
  }

  @Test(.enabled(if: RealFiles.smollm != nil, "SmolLM2 is not fetched"))
  func `the embedded default is the file that its entry names`() throws {
    let path = try #require(RealFiles.smollm)
    let model = try #require(KnownModels.named("SmolLM2:135M"))
    #expect(path.hasSuffix("/\(model.file)"))
    let reader = try #require(popen("sha256sum '\(path)'", "re"))
    var line = [CChar](repeating: 0, count: 4096)
    let said = fgets(&line, Int32(line.count), reader).map { String(cString: $0) } ?? ""
    #expect(pclose(reader) == 0)
    #expect(said.split(separator: " ").first.map(String.init) == model.hash)
    #expect(try MappedFile(path: path).bytes.count == model.size)
  }

  @Test func `a name is found however it is written, and others are offered`() {
    #expect(KnownModels.named("bonsai-8b")?.size == 1_158_654_496)
    #expect(KnownModels.named("QWEN3:0.6B")?.license == .apache2)
    #expect(KnownModels.named("bonsai") == nil && KnownModels.named("") == nil)
    #expect(KnownModels.alike("bonsai:9b") == ["bonsai:1.7b", "bonsai:4b", "bonsai:8b"])
    #expect(KnownModels.alike("gpt").count == KnownModels.all.count)
    #expect(KnownModels.alike("").count == KnownModels.all.count)
  }
}
