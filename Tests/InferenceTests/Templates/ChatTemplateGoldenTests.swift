import Foundation
import Testing

@testable import Inference

/// Public templates rendered by us and by Jinja2 (`Scripts/inference/templates.py`).
@Suite struct ChatTemplateGoldenTests {
  static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
  static let golden = root.appending(path: "Tests/InferenceTests/Golden/Templates")
  static let templates = root.appending(path: ".build-clients/llama.cpp/models/templates")
  static let isHere = FileManager.default.fileExists(atPath: templates.path)
  static let moment = TemplateMoment(year: 2025, month: 7, day: 4, hour: 15, minute: 9, second: 26)

  static func json(_ name: String) throws -> JSONValue {
    try JSONReader.read(Array(Data(contentsOf: golden.appending(path: name))))
  }

  /// 64-bit FNV-1a in hexadecimal.
  static func digest(_ bytes: [UInt8]) -> String {
    String(
      bytes.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 },
      radix: 16
    )
  }

  @Test(.enabled(if: isHere, "the public templates are not below .build-clients"))
  func `every public template gives every conversation the prompt that Jinja2 gives`() throws {
    guard case .object(let files) = try Self.json("prompts.json"),
      case .object(let conversations) = try Self.json("conversations.json")
    else { return #expect(Bool(false)) }
    var identical = 0
    var wrong: [String] = []
    for file in files {
      let source = try String(
        contentsOf: Self.templates.appending(path: file.name),
        encoding: .utf8
      )
      for conversation in conversations {
        let wanted = file.value[conversation.name]?.string ?? ""
        var got = "raises"
        var text = ""
        do {
          guard case .dictionary(let variables) = TemplateValue(conversation.value) else {
            continue
          }
          text = try ChatTemplate(source: source).render(variables, moment: Self.moment)
          got = "\(text.utf8.count) \(Self.digest(Array(text.utf8)))"
        } catch { text = "\(error)" }
        if got == wanted {
          identical += 1
        } else {
          wrong.append("\(file.name), \(conversation.name): \(got == "raises" ? text : "")")
        }
      }
    }
    #expect(identical == 68 * 34)
    #expect(wrong.isEmpty, "\(wrong.prefix(40).joined(separator: "\n"))")
  }
}
