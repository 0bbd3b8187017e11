import Foundation
import Glibc
import Journal

/// Delivers notices: each to the user's program, once if that says so, again if it does not.
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
    guard let program = setup.notify else { return }
    while !Task.isCancelled {
      do {
        for notice in try await store.takeNotices(limit: 16, for: 120_000_000) {
          try await store.receipt(notice.id, await deliver(notice, by: program))
        }
      } catch {
        complain("notices: \(error)")
      }
      try? await Task.sleep(for: .milliseconds(500))
    }
  }

  private func deliver(_ notice: Notice, by program: String) async -> NoticeReceipt {
    var text = #"{"notice":\#(notice.id),"kind":"\#(notice.kind)","#
    if let assignment = notice.assignment { text += #""assignment":"\#(assignment)","# }
    text += #""created":\#(notice.created),"body":\#(notice.body)}"# + "\n"
    do {
      let child = try Child(
        "/bin/sh",
        ["-c", program],
        environment: setup.environment + ["CAISSON_NOTICE=\(notice.kind)"],
        input: Array(text.utf8)
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
