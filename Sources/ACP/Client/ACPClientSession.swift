import Dialects
package import JSONRPC

/// A client's talk with an agent about one thing to do: what is said next, as a function of what
/// happened.
///
/// The agent is greeted, a session is begun or taken up, the agent is told what to do, and is heard
/// until it says why it stopped. It reads and writes its files itself, and runs its commands itself:
/// neither is offered. Nothing is chosen here: a question of the agent is given to whoever decides.
package struct ACPClientSession: Sendable {
  /// A session that the agent had before, and what it is told when it takes it up, or begins anew.
  package struct Former: Hashable, Sendable {
    package var session: String
    package var prompt: String

    package init(session: String, prompt: String) {
      self.session = session
      self.prompt = prompt
    }
  }

  enum State: Sendable {
    case idle
    case greeting(Int)
    case loading(Int, AgentGreeting)
    case beginning(Int, AgentGreeting)
    case working(Int, session: String)
    case cancelling(Int, session: String)
    case over
  }

  package let options: ACPOptions
  private let directory: String
  private let prompt: String
  private let former: Former?
  var state = State.idle
  var questions: [RequestID: Question] = [:]
  var reports = ToolCallReports()
  package internal(set) var counters = ACPCounters()
  private var nextID = 1
  private var nextTicket = 1

  struct Question: Sendable {
    let ticket: ACPTicket
    let request: PermissionRequest
  }

  /// - Parameters:
  ///   - directory: Where the agent works, as it sees it.
  ///   - prompt: What it is told in a session that begins.
  ///   - former: A session to take up where the agent can.
  package init(
    directory: String,
    prompt: String,
    former: Former? = nil,
    options: ACPOptions = ACPOptions()
  ) {
    self.directory = directory
    self.prompt = prompt
    self.former = former
    self.options = options
  }

  /// Greets the agent.
  package mutating func begin() -> [ACPClientAction] {
    guard case .idle = state else { return [] }
    let id = takeID()
    state = .greeting(id)
    let greeting = ClientGreeting(identity: options.identity)
    return [.send(greeting.frame(.number(id))), .wait(.opening, options.opening)]
  }

  /// A line that the agent wrote.
  package mutating func receive(_ line: [UInt8]) -> [ACPClientAction] {
    switch state {
    case .idle, .over: return []
    case .greeting, .loading, .beginning, .working, .cancelling: break
    }
    do throws(WireError) {
      return receive(try RPCMessage.parse(line, bounds: options.bounds, allowsNull: true))
    } catch {
      guard RPCMessage.isNoise(line) else { return fail(.badFrame(error)) }
      counters.noise += 1
      return counters.noise > options.noise ? fail(.tooMuchNoise(lines: counters.noise)) : []
    }
  }

  /// What somebody has decided about a question of the agent. One that is withdrawn takes nothing.
  package mutating func answer(
    _ ticket: ACPTicket,
    _ outcome: PermissionOutcome
  ) -> [ACPClientAction] {
    guard let id = questions.first(where: { $0.value.ticket == ticket })?.key,
      let question = questions.removeValue(forKey: id)
    else { return [] }
    // Only what the agent offered is an answer to it.
    if case .selected(let option) = outcome,
      !question.request.options.contains(where: { $0.id == option })
    {
      return [.send(PermissionOutcome.cancelled.frame(id))]
    }
    return [.send(outcome.frame(id))]
  }

  /// The work is to end. The agent is told, and has ``ACPOptions/leaving`` to say that it did.
  package mutating func cancel() -> [ACPClientAction] {
    switch state {
    case .over, .cancelling: return []
    case .idle, .greeting, .loading, .beginning: return finish(.ended(.cancelled))
    case .working(let id, let session):
      state = .cancelling(id, session: session)
      let frame = Frame.notification(ACPMethod.cancel) { $0.string("sessionId", session) }
      // The protocol wants each open question answered so.
      let asked = questions
      questions = [:]
      let answers = asked.sorted { $0.value.ticket.number < $1.value.ticket.number }
      return [.send(frame)]
        + answers.flatMap { id, question in
          [
            ACPClientAction.send(PermissionOutcome.cancelled.frame(id)),
            .withdrawn(question.ticket),
          ]
        } + [.wait(.leaving, options.leaving)]
    }
  }

  /// The agent's process has ended, or its output was closed.
  package mutating func ended() -> [ACPClientAction] { fail(.left) }

  /// The agent's lines cannot be told apart any more.
  package mutating func broken(_ error: WireError) -> [ACPClientAction] { fail(.badFrame(error)) }

  /// What it was told waits, and more than is borne with.
  package mutating func stuck() -> [ACPClientAction] { fail(.notReading) }

  /// A time has passed that was asked for.
  package mutating func expired(_ deadline: ACPDeadline) -> [ACPClientAction] {
    switch (deadline, state) {
    case (.opening, .greeting), (.opening, .loading), (.opening, .beginning):
      fail(.silent(seconds: Int(options.opening.components.seconds)))
    case (.leaving, .cancelling): finish(.ended(.cancelled))
    default: []
    }
  }

  /// The agent's session, once it has one.
  package var session: String? {
    switch state {
    case .working(_, let session), .cancelling(_, let session): session
    case .idle, .greeting, .loading, .beginning, .over: nil
    }
  }

  // MARK: - Saying

  mutating func takeID() -> Int {
    defer { nextID += 1 }
    return nextID
  }

  mutating func takeTicket() -> ACPTicket {
    defer { nextTicket += 1 }
    return ACPTicket(nextTicket)
  }

  /// The agent has said who it is.
  mutating func greeted(_ greeting: AgentGreeting) -> [ACPClientAction] {
    guard greeting.version == ACP.version else { return fail(.version(greeting.version)) }
    guard let former, greeting.loadsSessions else { return beginSession(greeting) }
    let id = takeID()
    state = .loading(id, greeting)
    return [
      .send(
        Frame.request(.number(id), ACPMethod.loadSession) { params in
          params.string("sessionId", former.session)
          params.string("cwd", directory)
          params.array("mcpServers") { _ in }
        }
      )
    ]
  }

  mutating func beginSession(_ greeting: AgentGreeting) -> [ACPClientAction] {
    let id = takeID()
    state = .beginning(id, greeting)
    return [
      .send(
        Frame.request(.number(id), ACPMethod.newSession) { params in
          params.string("cwd", directory)
          params.array("mcpServers") { _ in }
        }
      )
    ]
  }

  /// Tells the agent what to do, in the session that there is now.
  mutating func tell(_ session: String, isFormer: Bool) -> [ACPClientAction] {
    let id = takeID()
    let words = isFormer ? former?.prompt ?? prompt : prompt
    state = .working(id, session: session)
    return [
      .opened(session: session, isFormer: isFormer),
      .send(
        Frame.request(.number(id), ACPMethod.prompt) { params in
          params.string("sessionId", session)
          params.array("prompt") { ContentBlock.text(words).write(to: &$0) }
        }
      ),
    ]
  }

  var formerSession: String? { former?.session }

  // MARK: - The end

  mutating func fail(_ failure: ACPFailure) -> [ACPClientAction] { finish(.failed(failure)) }

  mutating func finish(_ end: ACPEnd) -> [ACPClientAction] {
    if case .over = state { return [] }
    state = .over
    let open = questions.values.map(\.ticket).sorted { $0.number < $1.number }
    questions = [:]
    return open.map { .withdrawn($0) } + [.finished(end)]
  }
}
