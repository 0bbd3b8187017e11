import Testing

@testable import Policy

/// Texts made to be slow or deep, as large as a document may be.
struct LargeDocumentTests {
  private static func fill(_ unit: String, to size: Int = 1 << 20) -> String {
    let room = size - 64
    return "version: 1\n" + String(repeating: unit, count: max(1, room / unit.utf8.count))
  }

  private static let nested = (0..<1400).map { String(repeating: " ", count: $0) + "a:\n" }.joined()

  private static let keys = (0..<19_000).map { "k\($0):\n" }.joined()

  static let texts: [(String, String)] = [
    ("lines", fill("a\n")), ("keys", "version: 1\n" + keys), ("same key", fill("a: 1\n")),
    ("items", "version: 1\nnetwork:\n" + fill("- a\n").dropFirst(11)),
    ("flow items", "version: 1\nnetwork: [" + fill("a,").dropFirst(11) + "]"),
    ("flow keys", "version: 1\nlimits: {" + fill("aa: 1, ").dropFirst(11) + "}"),
    ("openers", fill("[")), ("braces", fill("{")), ("pairs", fill("[],")), ("dashes", fill("- ")),
    ("questions", fill("? ")),
    ("few questions", fill("? a: [", to: 90) + fill("x ", to: 1_000_000)),
    ("brace keys", "version: 1\nlimits: " + String(repeating: "{a: ", count: 900)),
    ("anchors", fill("&a ")), ("aliases", fill("*a ")), ("tags", fill("!!str ")),
    ("spaces", fill(" ")), ("tabs", fill("\t")), ("comments", fill("# x\n")),
    ("one comment", "version: 1 #" + fill("x").dropFirst(11)),
    ("plain", "version: " + fill("x").dropFirst(11)), ("words", fill("x ")),
    ("quote", "version: \"" + fill("x").dropFirst(11)),
    ("quoted", "version: \"" + fill("\\x41").dropFirst(11) + "\""),
    ("block", "version: |\n" + fill(" x\n").dropFirst(11)), ("nested", nested),
    ("documents", fill("---\n")), ("directives", fill("%A b\n")), ("colons", fill(":")),
    ("colon lines", fill(": \n")), ("commas", fill(",")), ("quotes", fill("''\n")),
    ("accents", fill("e\u{301}")), ("combining", "version: a" + fill("\u{301}").dropFirst(11)),
    ("emoji", fill("\u{1F468}\u{200D}")), ("nothing", fill("\u{0}")), ("carriage", fill("\r")),
    ("hosts", "version: 1\nnetwork:\n" + fill("- host: a.b\n", to: 200_000).dropFirst(11)),
    ("long host", "version: 1\nnetwork:\n- host: " + fill("a.", to: 4000).dropFirst(11)),
    ("long path", "version: 1\nfilesystem: { read: [" + fill("/a", to: 4000).dropFirst(11) + "] }"),
    ("combined key", "version: 1\n" + fill("\u{301}", to: 4000).dropFirst(11) + ": 1"),
  ]

  @Test(.timeLimit(.minutes(10)), arguments: texts.map(\.0))
  func `a hostile text is judged in seconds`(name: String) throws {
    let text = try #require(Self.texts.first { $0.0 == name }?.1)
    let clock = ContinuousClock()
    let time = clock.measure { _ = try? PolicyDocument.parse(text, file: name) }
    // A second or two alone; this machine may be busy, and what goes wrong takes minutes.
    #expect(time < .seconds(60), "\(time)")
  }
}
