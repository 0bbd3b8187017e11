internal import CLinux

extension RunSupervisor {
  /// Whether a person at a terminal can be asked.
  package static var canAsk: Bool { TerminalQuestion.isPossible }

  /// Passes on sockets of the run.
  mutating func giveEgress(_ sockets: [Int32]) {
    guard egress != nil else {
      for socket in sockets { _ = cl_close(socket) }
      return
    }
    do throws(SandboxError) {
      try egress?.give(sockets)
    } catch {
      end = .failed(error)
    }
  }

  /// Passes on what hears the run's packets; without a way out it is wanted only to know whether
  /// there is one.
  mutating func giveTap(_ tap: [Int32], error: Int32) {
    hooks.tapped(error)
    guard egress != nil else {
      for socket in tap { _ = cl_close(socket) }
      return
    }
    do throws(SandboxError) {
      try egress?.giveTap(tap, error: error)
    } catch {
      end = .failed(error)
    }
  }

  /// Waits until the sockets of the run are served, and whoever asks can be told: a command that
  /// comes first would be refused, or not seen.
  mutating func awaitEgress() {
    guard egress != nil else { return }
    do throws(SandboxError) {
      if let diagnosis {
        self.diagnosis = nil
        try egress?.giveDiagnosis(diagnosis.socket, error: diagnosis.error, pid: initPID)
      }
      let audits = try egress?.awaitService() ?? []
      if !audits.isEmpty { record(audits) }
    } catch {
      end = .failed(error)
    }
  }

  /// Takes what the way out has to say. Its end is the end of the run.
  mutating func handleEgress() {
    switch egress?.receive() {
    case .audit(let body): record([body])
    case .failed(let what): end = end ?? .failed(.egress(what))
    case .ended: end = end ?? .failed(.egress("it was killed"))
    case .question(let place): questions.append(place)
    case .policyTaken, nil: break
    }
  }

  /// Takes network from the run. Whatever goes wrong takes all of it.
  mutating func revoke() {
    guard egress != nil else { return }
    if let update = try? hooks.revoked() {
      do throws(SandboxError) {
        try egress?.replacePolicy(update)
        return
      } catch {}
    }
    finishEgress()
  }

  /// Puts the next question to the person at the terminal; where nobody is there, the answer is no.
  mutating func askNext() {
    guard question == nil, !questions.isEmpty else { return }
    let place = questions.removeFirst()
    if hooks.granted != nil, let asked = TerminalQuestion.ask(place, hooks.question(place)) {
      question = consume asked
    } else {
      egress?.refuse(place)
    }
  }

  /// Takes what was answered to the question that stands, if it was.
  mutating func takeAnswer() {
    guard let isYes = question?.answer(), let place = question.take()?.place else { return }
    guard isYes, let granted = hooks.granted else {
      egress?.refuse(place)
      return
    }
    do {
      try egress?.replacePolicy(granted(place))
    } catch {
      // What cannot be recorded is not granted.
      egress?.refuse(place)
    }
  }

  /// Ends the way out, and records what it saw last.
  mutating func finishEgress() {
    guard var link = egress.take() else { return }
    let audits = link.finish()
    if !audits.isEmpty { record(audits) }
  }

  private mutating func record(_ audits: [[UInt8]]) {
    do {
      for denial in try hooks.observed(audits) { count(denial) }
    } catch {
      end = end ?? .failed(.egress("what it observed cannot be recorded: \(error)"))
    }
  }
}
