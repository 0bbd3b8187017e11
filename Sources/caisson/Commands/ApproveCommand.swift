import ArgumentParser
import Foundation
import WorkWire

/// `caisson approve`: yes to a question of an agent.
struct ApproveCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "approve",
    abstract: "Says yes to what an agent asks, or answers its question.",
    discussion: """
      The answer holds for exactly what is shown, and for nothing else. Where a step's end was not \
      seen, yes is: do it again; --happened is: it has happened, go on.

      Example:
        caisson approve last
        caisson approve 1ng292r7dnkk.7 --scope session
        caisson approve last --comment "the second one"
      """
  )

  enum Scope: String, CaseIterable, ExpressibleByArgument { case once, session, always }

  @OptionGroup var named: QuestionArgument

  @Option(
    help: "How far it reaches: once, session (all of this assignment), or always."
  )
  var scope: Scope?

  @Option(
    help: ArgumentHelp("The answer to a question, or a word to the agent.", valueName: "text")
  )
  var comment: String?

  @Flag(help: "The step has happened: it is recorded so, and not done again.")
  var happened = false

  @Flag(help: "Print the question, as it stands now, as a JSON object.")
  var json = false

  func validate() throws {
    if happened && comment != nil {
      throw ValidationError("--happened and --comment do not go together")
    }
  }

  func run() throws {
    try reportingWork {
      let answering = try Answering(named.question)
      if happened, answering.kind != "fate" {
        throw WorkProblem(
          .invalid,
          "--happened answers what became of a step; \(answering.question.id) does not ask that"
        )
      }
      try answering.answer(
        AnswerOrder(
          approved: true,
          scope: scope?.rawValue,
          comment: happened ? Answering.happened : comment,
          hash: answering.question.hash
        ),
        json: json
      )
    }
  }
}

/// `caisson deny`: no to a question of an agent.
struct DenyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "deny",
    abstract: "Says no to what an agent asks; it is told so, and goes on.",
    discussion: """
      Where a step's end was not seen, no is: leave it, and go on.

      Example:
        caisson deny last --comment "not in that directory"
      """
  )

  @OptionGroup var named: QuestionArgument

  @Option(help: ArgumentHelp("A word to the agent.", valueName: "text"))
  var comment: String?

  @Flag(help: "Print the question, as it stands now, as a JSON object.")
  var json = false

  func run() throws {
    try reportingWork {
      let answering = try Answering(named.question)
      let order = AnswerOrder(approved: false, comment: comment, hash: answering.question.hash)
      try answering.answer(order, json: json)
    }
  }
}

struct QuestionArgument: ParsableArguments {
  @Argument(
    help: ArgumentHelp(
      "A question, as in TASK.7, or an assignment that asks one thing; 'last' is the newest.",
      valueName: "question"
    )
  )
  var question: String
}

/// A question that is answered.
struct Answering {
  /// What the loop takes for: it has happened.
  static let happened = "it happened"

  let question: QuestionView
  private let client: DaemonClient

  init(_ name: String) throws {
    let home = try Home.current()
    client = try DaemonStart.client(home)
    question = try client.get("/v1/approvals/\(try DaemonClient.name(name))")
  }

  var kind: String? { question.action["kind"]?.string }

  func answer(_ order: AnswerOrder, json: Bool) throws {
    if !json {
      // What is answered is shown first, whole.
      let text = QuestionText(question: question, paint: .stdout).lines(now: Clock.now())
      for line in text.prefix(while: { !$0.isEmpty }) { print(line) }
    }
    let answered: QuestionView = try client.post("/v1/approvals/\(question.id)", order)
    if json {
      print(try JSONText.encode(answered))
    } else {
      let scope = answered.given.map { order.approved ? ", \($0)" : "" } ?? ""
      print("\(answered.id): \(answered.state)\(scope)")
      print("  see: caisson logs -f \(answered.assignment)")
    }
  }
}
