import Foundation
import Glibc
import Journal
import SystemPackage

/// Delivers notices: each to the user's program or address, once if that takes it, again if it does not.
///
/// At least once: a daemon that dies after the program was run and before its receipt was written tells
/// it again. The notice's number lets a receiver tell.
struct NoticePost {
  private let setup: WorkSetup
  private let store: any WorkStore
  private let complain: @Sendable (String) -> Void

  private static let mostAttempts = 8
  private static let patience: Duration = .seconds(60)

  init(
    _ setup: WorkSetup,
    _ store: any WorkStore,
    _ complain: @escaping @Sendable (String) -> Void
  ) {
    self.setup = setup
    self.store = store
    self.complain = complain
  }

  func run() async {
    let channel: Channel
    do {
      guard let chosen = try Channel(setup) else { return }
      channel = chosen
    } catch {
      complain("notices: \(error)")
      return
    }
    while !Task.isCancelled {
      do {
        for notice in try await store.takeNotices(limit: 16, for: 120_000_000) {
          try await store.receipt(notice.id, await deliver(notice, by: channel))
        }
      } catch {
        complain("notices: \(error)")
      }
      try? await Task.sleep(for: .milliseconds(500))
    }
  }

  /// By which notices go out.
  private struct Channel {
    let program: String
    let arguments: [String]
    let webhook: Webhook?

    /// Nil where nobody is to be told.
    init?(_ setup: WorkSetup) throws {
      if let address = setup.webhook {
        let webhook = try Webhook(address)
        let file = FilePath(setup.state).appending("webhook.yaml").string
        try Data(webhook.policyText.utf8).write(to: URL(filePath: file), options: .atomic)
        program = setup.program
        arguments = ["run", "--quiet", "--policy", file, "--", "curl", "--config", "-"]
        self.webhook = webhook
      } else if let notify = setup.notify {
        (program, arguments, webhook) = ("/bin/sh", ["-c", notify], nil)
      } else {
        return nil
      }
    }
  }

  private func deliver(_ notice: Notice, by channel: Channel) async -> NoticeReceipt {
    var text = #"{"notice":\#(notice.id),"kind":"\#(notice.kind)","#
    if let assignment = notice.assignment { text += #""assignment":"\#(assignment)","# }
    text += #""created":\#(notice.created),"body":\#(notice.body)}"# + "\n"
    do {
      let child = try Child(
        channel.program,
        channel.arguments,
        environment: setup.environment + ["CAISSON_NOTICE=\(notice.kind)"],
        input: channel.webhook?.told(text) ?? Array(text.utf8)
      )
      child.closeLifeline()
      let deadline = Task {
        try await Task.sleep(for: Self.patience)
        child.signal(SIGKILL)
      }
      let status = await child.status
      deadline.cancel()
      if status == 0 { return .delivered("the program ended with status 0") }
      return failed(notice, "the program ended with status \(status)")
    } catch {
      return failed(notice, "\(error)")
    }
  }

  private func failed(_ notice: Notice, _ why: String) -> NoticeReceipt {
    guard notice.attempts < Self.mostAttempts else { return .givenUp(why) }
    let pause = Int64(1) << Int64(min(notice.attempts, 12))
    return .failed(why, retryAt: Journal.now() + pause * 5_000_000)
  }
}
