import NIOConcurrencyHelpers
import NIOCore
import Policy

extension Exchange {
  /// More of a body that is looked into before it goes on.
  func gatheredMore() {
    guard let plan else { return }
    switch plan.body {
    case .stream:
      break
    case .field:
      guard gathered.readableBytes <= scope.office.bounds.gathered else {
        return refuse(
          Refusal(bodyOver: UInt64(scope.office.bounds.gathered), rule: plan.grant.rule),
          status: 413
        )
      }
      if !bodyIsWhole { asker?.wantBody() }
    case .push(let grant):
      if held == nil { judgePush(grant) } else { judgePack(grant) }
      if [.gathering, .draining].contains(phase), !bodyIsWhole { asker?.wantBody() }
    }
  }

  /// The whole body was gathered.
  func gatheredAll() {
    guard phase == .gathering, var plan else { return }
    if case .field(let binding) = plan.body {
      if let refusal = scope.office.secrets.swap(&plan, body: &gathered, binding) {
        return refuse(refusal, status: 403)
      }
      self.plan = plan
      return dial()
    }
    if case .push(let grant) = plan.body, held != nil { return judgePack(grant) }
    refuse(
      Refusal(.malformed, rule: plan.grant.rule, reason: "the commands of the push do not end"),
      status: 400
    )
  }

  private func judgePush(_ grant: GitGrant) {
    guard let plan, var push else { return }
    let progress: GitPush.Progress
    do throws(RequestProblem) {
      // The reader starts afresh with all that came: commands are few, and come in one piece.
      push = GitPush()
      progress = try push.read(gathered.readableBytesView)
    } catch {
      return refuse(Refusal(.malformed, rule: error.rule, reason: error.reason), status: 400)
    }
    self.push = push
    switch progress {
    case .more:
      if gathered.readableBytes > scope.office.bounds.pushCommands {
        let limit = UInt64(scope.office.bounds.pushCommands)
        refuse(Refusal(bodyOver: limit, rule: plan.grant.rule), status: 413)
      }
    case .commands(let updates):
      self.updates = updates
      let tips = scope.office.tips.withLockedValue { $0[key(grant), default: PushedTips()] }
      observation.detail = updates.isEmpty ? nil : updates.map(\.summary).joined(separator: ", ")
      settle(grant.rule.decide(updates, pushed: tips), grant)
    }
  }

  private func settle(_ decision: PushDecision, _ grant: GitGrant) {
    switch decision {
    case .allowed:
      held = nil
      dial()
    case .denied(let rule, let reason, let remedy):
      refusePush(Refusal(.denied, rule: rule, reason: reason, remedy: remedy))
    case .undecided(let updates):
      let bound = scope.office.bounds.pushesHeld
      guard let push, let seat = HeldPush.Seat(scope.office.heldPushes, of: bound) else {
        let reason = "\(bound) pushes of the run wait for their packs to be read; try again"
        return refusePush(Refusal(.limit, rule: Refusal.bounds, reason: reason))
      }
      held = HeldPush(updates, of: push, seat: seat)
      judgePack(grant)
    }
  }

  /// Lets the push go on once its pack has shown that the branches keep what they hold.
  private func judgePack(_ grant: GitGrant) {
    let bound = scope.office.bounds.pushHeld
    switch held?.look(at: gathered, isWhole: bodyIsWhole, atMost: bound) {
    case nil, .more: break
    case .proven: settle(.allowed, grant)
    case .unproven(let update, let doubt):
      settle(grant.rule.denial(of: update, because: doubt), grant)
    case .malformed(let problem):
      refusePush(Refusal(.malformed, rule: problem.rule, reason: problem.reason))
    }
  }

  /// Refuses the push once all of it was thrown away: over HTTP/2 git waits without end where the
  /// answer comes before it has said everything.
  private func refusePush(_ refusal: Refusal) {
    held = nil
    gathered = ByteBuffer()
    refused = refusal
    observe(refusal)
    if bodyIsWhole { return reportRefusal() }
    phase = .draining
    asker?.goAhead()
  }

  /// More of a push that is refused.
  func drain(_ bytes: ByteBuffer) {
    drained += bytes.readableBytes
    if drained > scope.office.bounds.drained { reportRefusal() } else { asker?.wantBody() }
  }

  /// Git shows a report to its user, and no page.
  func reportRefusal() {
    guard let refused, let push else { return }
    guard push.reportsStatus else { return refuse(refused, status: 403) }
    let report = PushRefusal.report(refused, updates, usesSideBand: push.usesSideBand)
    refuse(refused, status: 200, body: report, type: "application/x-git-receive-pack-result")
  }

  /// Remembers what the server took, which the run may build on.
  func recordPush() {
    guard let report, case .push(let grant)? = plan?.body, !updates.isEmpty else { return }
    let updates = self.updates
    scope.office.tips.withLockedValue {
      $0[key(grant), default: PushedTips()].record(updates, done: report.done)
    }
  }

  private func key(_ grant: GitGrant) -> String {
    "\(grant.rule.host.text)/\(grant.rule.repository)"
  }
}

extension RefUpdate {
  /// For a person who reads the audit.
  fileprivate var summary: String {
    let name = ref.hasPrefix("refs/heads/") ? String(ref.dropFirst(11)) : ref
    if deletes { return "delete \(name)" }
    return creates
      ? "create \(name) at \(new.prefix(12))" : "\(name) \(old.prefix(12))..\(new.prefix(12))"
  }
}
