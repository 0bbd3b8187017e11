import Foundation
import Policy

/// A model that can be pulled by a short name: what Caisson knows of it before a byte has come.
struct PullableModel: Codable {
  let name: String
  let title: String
  let licence: String
  /// Where the licence can be read.
  let terms: String
  /// Whether it restricts what the model may be used for.
  let restricts: Bool
  let weights: String
  let size: Int
  /// An address.
  let source: String
  let sha256: String?

  /// All of them.
  static func all() throws -> [PullableModel] { try Answer.ask([]).models }

  /// The one that a name means.
  ///
  /// - Throws: with the names that are nearest, where it means none.
  static func named(_ name: String) throws -> PullableModel {
    // Longer than any name; an argument has its bounds, too.
    guard name.utf8.count <= 100 else { throw unknown(String(name.prefix(100)) + "…", near: []) }
    let answer = try Answer.ask([name])
    if let model = answer.models.first(where: { $0.name == answer.meant }) { return model }
    let near = nearest(to: name, in: answer.models.map(\.name), atMost: 3)
    let family = answer.alike ?? []
    let isFamily = family.count < answer.models.count
    throw unknown(name, near: near.isEmpty && isFamily ? family : near)
  }

  private static func unknown(_ name: String, near: [String]) -> ModelStoreError {
    let proposal = near.isEmpty ? "see" : "did you mean \(near.joined(separator: ", "))? See"
    return .mistaken(
      "no model is known as '\(name)'; \(proposal): caisson models list --known; of another, give the "
        + "address and write it as in https://example.com/model.gguf"
    )
  }

  /// What a person should know before it is fetched.
  var introduction: String {
    let use = restricts ? ", which restricts what it may be used for" : ""
    return "\(title) in \(weights), \(ModelSize.text(size)); \(licence)\(use): \(terms)"
  }

  /// What the engine says, which knows them.
  private struct Answer: Decodable {
    let models: [PullableModel]
    var meant: String?
    var alike: [String]?

    static func ask(_ arguments: [String]) throws -> Answer {
      let engine = OwnProgram(arguments: ["known"] + arguments, program: "caisson-engine")
      let result = try engine.run()
      guard result.status == 0,
        let answer = try? JSONDecoder().decode(Answer.self, from: Data(result.output.utf8))
      else {
        throw ModelStoreError.failed(
          "caisson-engine does not say which models are known, and ended with status "
            + "\(result.status); install Caisson's programs together"
        )
      }
      return answer
    }
  }
}

/// The models that have a short name as `caisson models list --known` shows them.
struct PullableModelTable {
  let models: [PullableModel]

  func text(width: Int?, colour: Bool) -> String {
    TextTable(
      titles: ["NAME", "SIZE", "WEIGHTS", "LICENCE", "MODEL"],
      rows: models.map {
        [$0.name, ModelSize.text($0.size), $0.weights, $0.licence, $0.title].map(\.printable)
      }
    ).text(width: width, colour: colour)
  }
}
