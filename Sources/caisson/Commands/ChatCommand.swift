import ArgumentParser
import Foundation
import Glibc
import SystemPackage

/// `caisson chat [MODEL]`: a conversation in the terminal.
struct ChatCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "chat",
    abstract: "Talks with a model: one of this machine, or through the gateway.",
    discussion: """
      A model of this machine needs no daemon, no key and no network; 'local' is the one that came \
      with Caisson. Other names are asked at the gateway, if one is running. Ctrl-C ends an answer, \
      and once more the conversation. In it, /clear forgets what was said, /exit ends, /help says \
      more. What comes on standard input is one question.

      Example:
        caisson chat
        caisson chat --once "What is the capital of France?"
        caisson chat qwen3-0.6b --system "Answer in one sentence." --verbose
        git log -5 | caisson chat --system "Summarise this."

      Exit status: 0 it was answered, 1 the model refused, 64 there is no such model, 125 it failed, \
      130 it was ended by Ctrl-C.
      """
  )

  @Argument(help: "A model's name, as in 'caisson models list'.")
  var model = LocalModel.defaultAlias

  @Option(help: "What the model is told before the conversation.")
  var system: String?

  @Option(
    help: ArgumentHelp("One question; the command ends with the answer.", valueName: "question")
  )
  var once: String?

  // A number below zero is one, and is told what is wrong with it.
  @Option(parsing: .unconditional, help: "0 gives the likeliest answer each time; higher is freer.")
  var temperature: Double?

  @Option(parsing: .unconditional, help: "Makes chance the same each time.")
  var seed: Int?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Tokens of an answer at most.", valueName: "n")
  )
  var maxTokens: Int?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Tokens of the conversation at most.", valueName: "n")
  )
  var context: Int?

  @Flag(help: "Say after each answer how long it took.")
  var verbose = false

  @Flag(help: "Print each answer as a JSON object, when it is whole.")
  var json = false

  func validate() throws {
    if let once, Self.isBlank(once) {
      throw ValidationError("--once is a question, and there is none in it")
    }
    if let temperature, !(0...100).contains(temperature) {
      throw ValidationError("--temperature is 0 to 100")
    }
    if let maxTokens, maxTokens < 1 { throw ValidationError("--max-tokens is 1 or more") }
    if let context, context < 1 { throw ValidationError("--context is 1 or more") }
  }

  func run() throws {
    try reportingFailures {
      do {
        let interruption = Interruption()
        let place = try ChatPlace(model, home: try Home.current())
        defer { place.leave() }
        var talk = Talk(place: place, options: options, interruption: interruption)
        if let once {
          try talk.ask(once)
        } else if isatty(STDIN_FILENO) != 1 {
          let text = try Self.standardInput()
          try talk.ask(text.trimmingCharacters(in: .whitespacesAndNewlines))
        } else {
          try talk.converse(with: model)
        }
        if interruption.hasEnded { throw ExitCode(130) }
      } catch let error as ChatError {
        complain("\(error)")
        switch error {
        case .refused: throw ExitCode.failure
        case .noModel: throw ExitCode.validationFailure
        case .broken: throw caissonFailed
        }
      }
    }
  }

  private var options: Talk.Options {
    Talk.Options(
      system: system,
      temperature: temperature,
      seed: seed,
      maxTokens: maxTokens,
      context: context,
      isVerbose: verbose,
      isJSON: json
    )
  }

  private static let longestQuestion = 16 << 20

  private static func isBlank(_ text: String) -> Bool { text.allSatisfy(\.isWhitespace) }

  /// More than any window holds is not read.
  private static func standardInput() throws -> String {
    let data = try FileHandle.standardInput.read(upToCount: longestQuestion + 1) ?? Data()
    guard data.count <= longestQuestion else {
      throw ChatError.noModel(
        "what comes on standard input is longer than 16 MiB, more than any window holds; ask for less"
      )
    }
    let text = String(decoding: data, as: UTF8.self)
    guard !isBlank(text) else {
      throw ChatError.noModel("there is no question; ask with --once, or on standard input")
    }
    return text
  }
}
