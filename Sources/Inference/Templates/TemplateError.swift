/// Why a chat template could not be read or rendered.
package struct TemplateError: Error, Sendable, CustomStringConvertible {
  package enum Kind: Sendable, Equatable {
    /// The source is no template that we know how to read.
    case syntax
    /// The template itself said no, through `raise_exception`: the conversation does not suit it.
    case refused
    /// A value was used as what it is not.
    case value
    /// The template asked for more work, output or nesting than a template may have.
    case limit
  }

  package let kind: Kind
  package let message: String
  /// The line of the template, from 1; 0 where none is known.
  package internal(set) var line: Int

  init(_ kind: Kind, _ message: String, line: Int = 0) {
    self.kind = kind
    self.message = message
    self.line = line
  }

  package var description: String {
    let place = line > 0 ? " (line \(line) of the chat template)" : ""
    // Some of its words are the template's own.
    let message = Printable.text(message, limit: 2000)
    return switch kind {
    case .syntax: "the model's chat template cannot be read: \(message)\(place)"
    case .refused: "the model's chat template refuses this conversation: \(message)\(place)"
    case .value: "the model's chat template failed: \(message)\(place)"
    case .limit: "the model's chat template was stopped: \(message)\(place)"
    }
  }
}

/// What a template may use up. A template comes out of a file from anywhere, so each is finite.
package struct TemplateLimits: Sendable {
  /// Bytes of a template's source. The largest public one has 17 thousand.
  package var source = 1 << 20
  /// Blocks, brackets and operands inside one another.
  package var nesting = 64
  /// Nodes evaluated.
  package var steps = 5_000_000
  /// Bytes of values made on the way, beside 64 times the size of the conversation.
  package var bytes = 64 << 20
  /// Bytes of the prompt, beside 16 times the size of the conversation.
  package var output = 4 << 20
  /// Evaluations inside one another: macros that call themselves end here.
  package var depth = 320

  package init() {}
}
