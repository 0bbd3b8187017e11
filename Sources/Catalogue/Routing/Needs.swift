package import Policy

/// What a request asks of a model: what is in it, and what it wants.
package struct Needs: Hashable, Sendable {
  /// What goes in; text goes into anything that takes it.
  package var input: Modalities
  /// What must come out.
  package var output: Modalities
  package var capabilities: Capabilities
  /// Tokens of prompt and answer together, where somebody counted.
  package var contextTokens: Int

  package init(
    input: Modalities = [],
    output: Modalities = [],
    capabilities: Capabilities = [],
    contextTokens: Int = 0
  ) {
    self.input = input
    self.output = output
    self.capabilities = capabilities
    self.contextTokens = contextTokens
  }

  /// The words that people write, as in `--needs vision`.
  package static let words: [(word: String, needs: Needs)] = [
    ("vision", Needs(input: .image)), ("audio", Needs(input: .audio)),
    ("video", Needs(input: .video)), ("pdf", Needs(input: .pdf)),
    ("tools", Needs(capabilities: .tools)), ("json", Needs(capabilities: .json)),
    ("reasoning", Needs(capabilities: .reasoning)),
    ("streaming", Needs(capabilities: .streaming)), ("text", Needs(output: .text)),
    ("embeddings", Needs(capabilities: .embeddings)), ("speech", Needs(output: .audio)),
    ("images", Needs(output: .image)), ("film", Needs(output: .video)),
  ]

  /// Reads words, among them a number of tokens such as `200k`.
  package init(words: [String]) throws(ValueProblem) {
    self.init()
    for word in words {
      if let known = Self.words.first(where: { $0.word == word }) {
        add(known.needs)
      } else if let tokens = Self.tokens(word) {
        contextTokens = max(contextTokens, tokens)
      } else {
        let names = Self.words.map(\.word)
        throw ValueProblem(
          "\(quoted(word)) is nothing that a model can have",
          remedy: nearest(to: word, in: names).map { "did you mean '\($0)'?" }
            ?? "use \(names.joined(separator: ", ")), or a number of tokens such as 200k"
        )
      }
    }
  }

  /// Both together.
  package func adding(_ other: Needs) -> Needs {
    var all = self
    all.add(other)
    return all
  }

  private mutating func add(_ other: Needs) {
    input.formUnion(other.input)
    output.formUnion(other.output)
    capabilities.formUnion(other.capabilities)
    contextTokens = max(contextTokens, other.contextTokens)
  }

  /// As in `200000`, `200k` or `1M`.
  package static func tokens(_ text: String) -> Int? {
    var number = text[...]
    var scale = 1
    switch text.last {
    case "k", "K": scale = 1_000
    case "m", "M": scale = 1_000_000
    default: break
    }
    if scale > 1 { number = number.dropLast() }
    guard let count = digits(number, atMost: 9), count > 0 else { return nil }
    let (tokens, overflows) = Int(count).multipliedReportingOverflow(by: scale)
    return overflows || tokens > 1_000_000_000 ? nil : tokens
  }

  /// As it was written.
  package var text: String {
    var all = Self.words.filter { covers($0.needs) }.map(\.word)
    if contextTokens > 0 { all.append("\(contextTokens) tokens") }
    return all.joined(separator: ", ")
  }

  func covers(_ other: Needs) -> Bool {
    input.isSuperset(of: other.input) && output.isSuperset(of: other.output)
      && capabilities.isSuperset(of: other.capabilities)
  }
}

/// The most that a model may cost to be chosen; what has no price is above every cap.
package struct PriceCap: Hashable, Sendable {
  package var input: Rate?
  package var output: Rate?
  /// What one call may cost at most.
  package var call: Money?

  package init(input: Rate? = nil, output: Rate? = nil, call: Money? = nil) {
    self.input = input
    self.output = output
    self.call = call
  }

  package var isNone: Bool { input == nil && output == nil && call == nil }
}
