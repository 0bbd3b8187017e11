import Foundation

/// Models and vocabularies that the set-up scripts fetched, where they did.
enum RealFiles {
  static let smollm = model("SmolLM2-135M-Instruct.Q4_1.gguf")
  static let minilm = model("model.safetensors")

  /// The vocabularies that llama.cpp tests its tokenizers with, by their paths.
  static let vocabularies: [String] = {
    let folder = root.appending(path: ".build-clients/llama.cpp/models").path
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.filter { $0.hasSuffix(".gguf") }.sorted().map { "\(folder)/\($0)" }
  }()

  private static let root = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  private static func model(_ name: String) -> String? {
    let path = root.appending(path: ".build-models/\(name)").path
    return FileManager.default.fileExists(atPath: path) ? path : nil
  }
}
