import Foundation
import Testing

@testable import Policy

/// `docs/policy.md` is held against what it describes.
struct ReferenceTests {
  private static let text: String = {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let data = try? Data(contentsOf: root.appending(path: "docs/policy.md"))
    return String(decoding: data ?? Data(), as: UTF8.self)
  }()

  /// Everything in backticks.
  private static let words = Set(text.split(separator: "`").map(String.init))

  @Test func `it names every key`() {
    let keys =
      Schema.document + Schema.workspace + Schema.filesystem + Schema.environment + Schema.limits
      + Schema.host + Schema.git + Schema.packages + Schema.request + Schema.tool
    for key in keys { #expect(Self.words.contains(key), "\(key)") }
  }

  @Test func `it names every start-up file`() {
    for group in StartUpTable.groups {
      for pattern in group.patterns { #expect(Self.words.contains(pattern), "\(pattern)") }
    }
  }

  @Test func `it names what the system set and the credentials are`() {
    let ofRoot = CredentialPaths.ofRoot + [CredentialPaths.rootHome]
    let others = CredentialPaths.system.filter { !$0.hasPrefix(CredentialPaths.rootHome) }
    for path in CredentialPaths.home + others + ofRoot {
      #expect(Self.words.contains(path), "\(path)")
    }
    for path in SystemPaths.entries {
      let name = path.hasPrefix("/etc/") ? String(path.dropFirst(5)) : path
      #expect(Self.words.contains(name), "\(path)")
    }
  }

  @Test func `it names every profile, and every built-in rule`() {
    for name in Profile.names { #expect(Self.words.contains(name), "\(name)") }
    for toolClass in ToolClass.allCases { #expect(Self.words.contains(toolClass.rawValue)) }
    for rule in BuiltInRule.allCases {
      #expect(Self.text.contains("| \(rule.rawValue) |"), "\(rule)")
    }
  }

  @Test func `its example is a policy that can be run`() throws {
    let start = try #require(Self.text.range(of: "```yaml\n"))
    let end = try #require(Self.text.range(of: "```", range: start.upperBound..<Self.text.endIndex))
    let example = String(Self.text[start.upperBound..<end.lowerBound])
    let document = try PolicyDocument.parse(example, file: "example")
    #expect(document.unsupported.isEmpty)
  }
}
