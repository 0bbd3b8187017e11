import Dialects
import Foundation
import Glibc

/// A conversation: what was said so far, and how it is shown.
struct Talk {
  struct Options {
    var system: String?
    var temperature: Double?
    var seed: Int?
    var maxTokens: Int?
    var context: Int?
    var isVerbose = false
    var isJSON = false
  }

  private struct Turn {
    let role: String
    let text: String
  }

  let place: ChatPlace
  let options: Options
  let interruption: Interruption
  private var turns: [Turn] = []

  init(place: ChatPlace, options: Options, interruption: Interruption) {
    self.place = place
    self.options = options
    self.interruption = interruption
    clear()
  }

  private mutating func clear() {
    turns = (options.system ?? place.advice).map { [Turn(role: "system", text: $0)] } ?? []
  }

  // MARK: Asking

  /// Asks, and shows the answer as it comes. What was interrupted stays said as far as it came.
  mutating func ask(_ question: String) throws {
    place.tidy()
    turns.append(Turn(role: "user", text: question))
    var screen = ChatScreen(isSilent: options.isJSON)
    var answer = ""
    var thoughts = ""
    var end: ModelLine.End?
    let isWhole: Bool
    do {
      isWhole = try place.line.ask("/api/chat", body, interruption: interruption.descriptor) {
        piece in
        screen.show(thought: piece.thoughts)
        screen.show(piece.words)
        answer += piece.words
        thoughts += piece.thoughts
        end = piece.end ?? end
      }
    } catch {
      screen.finish()
      turns.removeLast()
      throw error
    }
    screen.finish()
    if !isWhole {
      interruption.hasEnded = interruption.take()
    } else if end == nil {
      throw ChatError.broken("it has no end")
    }
    turns.append(Turn(role: "assistant", text: answer))
    if options.isJSON { try tell(answer, thoughts, end) }
    guard let end else { return }
    if end.reason == "length" {
      complain("the answer was cut off: its limit of tokens, or the window, is reached")
    }
    if options.isVerbose { complain(Self.text(end)) }
  }

  private var body: [UInt8] {
    JSONWriter.object { json in
      json.string("model", place.model)
      json.array("messages") { array in
        for turn in turns {
          array.object {
            $0.string("role", turn.role)
            $0.string("content", turn.text)
          }
        }
      }
      json.bool("stream", true)
      json.objectIfAny("options") { json in
        json.raw(
          "temperature",
          ifAny: options.temperature.flatMap { try? RawJSON(parsing: "\($0)") }
        )
        json.int("seed", ifAny: options.seed)
        json.int("num_predict", ifAny: options.maxTokens)
        json.int("num_ctx", ifAny: options.context)
      }
    }
  }

  private func tell(_ answer: String, _ thoughts: String, _ end: ModelLine.End?) throws {
    let answer = AnswerJSON(
      model: place.model,
      answer: answer,
      thoughts: thoughts.isEmpty ? nil : thoughts,
      ended: end?.reason ?? "interrupted",
      promptTokens: end?.promptTokens,
      tokens: end?.tokens,
      tokensPerSecond: end.map { Self.rate($0.tokens, $0.writing) }
    )
    print(try JSONText.encode(answer))
  }

  private struct AnswerJSON: Encodable {
    let model: String
    let answer: String
    let thoughts: String?
    let ended: String
    let promptTokens: Int?
    let tokens: Int?
    let tokensPerSecond: Double?
  }

  private static func text(_ end: ModelLine.End) -> String {
    var parts = [
      "\(end.promptTokens) tokens read at \(number(rate(end.promptTokens, end.reading))) a second",
      "\(end.tokens) written at \(number(rate(end.tokens, end.writing)))",
    ]
    if end.loading > 0.001 { parts.append("loaded in \(number(end.loading)) s") }
    return parts.joined(separator: ", ")
  }

  private static func rate(_ tokens: Int, _ seconds: Double) -> Double {
    (Double(tokens) / max(seconds, 1e-6) * 10).rounded() / 10
  }

  private static func number(_ value: Double) -> String {
    value >= 100 ? "\(Int(value.rounded()))" : "\((value * 10).rounded() / 10)"
  }

  // MARK: A conversation in the terminal

  mutating func converse(with name: String) throws {
    say("\(name.printable); Ctrl-C ends an answer, /help says more")
    var editor = LineEditor(interruption: interruption)
    var wasInterrupted = false
    while true {
      let line: String
      switch editor.read(prompt: "> ") {
      case .end: return say("")
      case .interrupted:
        if wasInterrupted { return }
        wasInterrupted = true
        say("Ctrl-C once more, /exit or Ctrl-D ends")
        continue
      case .line(let text):
        line = text
        wasInterrupted = false
      }
      switch line.trimmingCharacters(in: .whitespaces) {
      case "": continue
      case "/exit", "/quit", "/bye": return
      case "/clear":
        clear()
        say("forgotten")
      case "/help", "/?":
        say("/clear forgets what was said, /exit ends; arrow keys find what was asked before")
      case let command where command.hasPrefix("/"):
        say("there is no command \(command.printable); see /help")
      default:
        do {
          try ask(line)
        } catch let error as ChatError {
          complain("\(error)")
          if case .broken = error { return }
        }
        // A second Ctrl-C while an answer ends is meant for the conversation.
        if interruption.take(), interruption.hasEnded { return }
        wasInterrupted = interruption.hasEnded
        interruption.hasEnded = false
      }
    }
  }

  private func say(_ text: String) {
    try? FileHandle.standardError.write(contentsOf: Data("\(text)\n".utf8))
  }
}

/// Shows an answer as it comes. What a model writes is text of a stranger's: no character of it moves
/// the cursor, or is obeyed.
struct ChatScreen {
  let isSilent: Bool
  private var isDim = false
  private var endsLine = true

  init(isSilent: Bool) {
    self.isSilent = isSilent
  }

  mutating func show(_ text: String) {
    guard !isSilent, !text.isEmpty else { return }
    if isDim {
      write("\u{1B}[0m\n")
      isDim = false
    }
    put(text)
  }

  /// Thoughts are shown to a person, and are no part of what is piped on.
  mutating func show(thought text: String) {
    guard !isSilent, !text.isEmpty, TerminalGlimpse.isTerminal else { return }
    if !isDim, TerminalGlimpse.hasColour {
      write("\u{1B}[2m")
      isDim = true
    }
    put(text)
  }

  mutating func finish() {
    guard !isSilent else { return }
    if isDim { write("\u{1B}[0m") }
    if !endsLine { write("\n") }
  }

  private mutating func put(_ text: String) {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      line.split(separator: "\t", omittingEmptySubsequences: false).map(\.printable)
        .joined(separator: "\t")
    }
    let shown = lines.joined(separator: "\n")
    endsLine = shown.hasSuffix("\n")
    write(shown)
  }

  private func write(_ text: String) {
    do {
      try FileHandle.standardOutput.write(contentsOf: Data(text.utf8))
    } catch {
      // An answer that nobody could read is none.
      let line = "caisson: the answer cannot be written: \(String(cString: strerror(errno)))\n"
      try? FileHandle.standardError.write(contentsOf: Data(line.utf8))
      exit(125)
    }
  }
}
