/// Makes bad policies out of good ones: by bytes, by tokens, by lines, by splicing two of them, and
/// by repeating a part until it is deep or long.
package struct Mutator {
  private let corpus: [[UInt8]]
  /// The longest input, save for those that are made long on purpose.
  private let usualLength = 4096

  package init(corpus: [String]) {
    self.corpus = corpus.isEmpty ? [Array("version: 1\n".utf8)] : corpus.map { Array($0.utf8) }
  }

  /// The input of a number: the same for the same corpus and seed.
  package func input(_ index: UInt64, seed: UInt64) -> String {
    var random = SplitMix(seed: seed ^ (index &* 0xD134_2543_DE82_EF95))
    var text = corpus[random.below(corpus.count)]
    for _ in 0...random.below(5) { mutate(&text, &random) }
    if text.count > usualLength, !random.chance(2) { text.removeSubrange(usualLength...) }
    return String(decoding: text, as: UTF8.self)
  }

  private func mutate(_ text: inout [UInt8], _ random: inout SplitMix) {
    switch random.below(100) {
    case 0..<20: bytes(&text, &random)
    case 20..<60: tokens(&text, &random)
    case 60..<75: lines(&text, &random)
    case 75..<92: splice(&text, &random)
    default: repetition(&text, &random)
    }
  }

  private func bytes(_ text: inout [UInt8], _ random: inout SplitMix) {
    let place = random.below(text.count + 1)
    switch random.below(4) {
    case 0 where place < text.count: text[place] ^= 1 << UInt8(random.below(8))
    case 1 where place < text.count: text.remove(at: place)
    case 2 where place < text.count:
      text.removeSubrange(place..<min(text.count, place + 1 + random.below(16)))
    default: text.insert(UInt8(truncatingIfNeeded: random.next()), at: place)
    }
  }

  private func tokens(_ text: inout [UInt8], _ random: inout SplitMix) {
    let spans = Self.spans(text)
    guard !spans.isEmpty else {
      return text = Array(Self.words[random.below(Self.words.count)].utf8)
    }
    let span = spans[random.below(spans.count)]
    let word = Array(Self.words[random.below(Self.words.count)].utf8)
    switch random.below(5) {
    case 0: text.replaceSubrange(span, with: word)
    case 1: text.insert(contentsOf: word, at: span.lowerBound)
    case 2: text.insert(contentsOf: text[span], at: span.upperBound)
    case 3: text.removeSubrange(span)
    default: text.replaceSubrange(span, with: Array(text[spans[random.below(spans.count)]]))
    }
  }

  private func lines(_ text: inout [UInt8], _ random: inout SplitMix) {
    var lines = text.split(separator: 0x0A, omittingEmptySubsequences: false).map(Array.init)
    let place = random.below(lines.count)
    switch random.below(5) {
    case 0: lines.remove(at: place)
    case 1: lines.insert(lines[random.below(lines.count)], at: place)
    case 2: lines.swapAt(place, random.below(lines.count))
    case 3: lines[place].insert(contentsOf: [UInt8](repeating: 0x20, count: random.below(5)), at: 0)
    default: lines[place] = Array(lines[place].drop { $0 == 0x20 })
    }
    text = Array(lines.joined(separator: [0x0A]))
  }

  private func splice(_ text: inout [UInt8], _ random: inout SplitMix) {
    let other = corpus[random.below(corpus.count)]
    text = Array(text.prefix(random.below(text.count + 1)))
    text += other.dropFirst(random.below(other.count + 1))
  }

  private func repetition(_ text: inout [UInt8], _ random: inout SplitMix) {
    let count = 1 + random.below(random.chance(4) ? 4000 : 60)
    let unit: [UInt8]
    if random.chance(50) {
      unit = Array(Self.openers[random.below(Self.openers.count)].utf8)
    } else {
      let start = random.below(text.count + 1)
      unit = Array(text[start..<min(text.count, start + 1 + random.below(40))])
    }
    let place = random.below(text.count + 1)
    text.insert(contentsOf: Array(repeating: unit, count: count).joined(), at: place)
  }

  /// Runs of letters, runs of spaces, and each other byte by itself.
  private static func spans(_ text: [UInt8]) -> [Range<Int>] {
    var spans: [Range<Int>] = []
    var start = 0
    while start < text.count {
      var end = start + 1
      let kind = Self.kind(text[start])
      while kind != 0, end < text.count, Self.kind(text[end]) == kind { end += 1 }
      spans.append(start..<end)
      start = end
    }
    return spans
  }

  private static func kind(_ byte: UInt8) -> Int {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F, 0x80...0xFF: 1
    case 0x20: 2
    default: 0
    }
  }

  private static let openers = [
    "[", "{", "- ", "? ", "{a: ", "[[", "- - ", "&a [", "*a, ", "? - ", "a: ", "{? ", "'", "\"",
    "|\n ", "!!x ", "#", "\n", " ", "a: b\n", "- x\n", ": ", "\u{1F642}", "e\u{301}", "a/", "a.",
  ]

  private static let words = [
    "version", "workspace", "mode", "filesystem", "read", "write", "deny", "programs",
    "environment", "pass", "set", "limits", "wall", "memory", "processes", "disk", "cpu",
    "network", "host", "ports", "rules", "allow", "credential", "networks", "git", "push", "tags",
    "force", "delete", "addresses", "websocket", "sent", "query", "header", "body", "1MiB",
    "models", "budget", "tools", "mcp", "command", "url", "class", "arguments", "pure", "approvals",
    "when", "ask", "overlay", "branch", "direct",
    "none", "$WORKSPACE", "$HOME", "$SYSTEM", "${HOME}", "~", "/", "/usr", "..", "4GiB", "1h30m",
    "2.00 USD", "0.5", "443", "65536", "99999999999999999999", "-1", "1e9", "0x10", "GET /v1/**",
    "* /**", "api.example.com", "*.example.com", "10.0.0.0/8", "fd00::/8", "::", "caisson/*",
    "spend > 0.50 USD", "once", "[", "]", "{", "}", ",", ":", ": ", "- ", "? ", "&a ", "*a",
    "!!str ",
    "!", "|", ">", "|2-\n", "'", "\"", "\\", "\\x00", "\\ud800", "\\U0010FFFF", "%YAML 1.1\n",
    "---\n",
    "...\n", "\t", "\r", "\r\n", "\n", "\u{0}", "\u{85}", "\u{2028}", "\u{FEFF}", "\u{202E}",
    "\u{E000}", "\u{E001}", "\u{10FFFF}", "\u{FFFE}", "<<", "=", "null", "true", "# ", "@", "`",
    "\u{1F468}\u{200D}\u{1F469}", "e\u{301}", "\u{130}", "\u{17F}",
  ]
}
