import ArgumentParser
import Foundation
import Glibc
import Journal
import WorkWire

/// `caisson audit`: the journal, row by row, and whether it is whole.
struct AuditCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "audit",
    abstract: "Shows what was recorded, and checks that the record is whole.",
    discussion: """
      Each row is chained to the one before by its hash; the newest hash is kept in a second \
      place. --verify recomputes the chain and names the first row that was edited, deleted, \
      swapped or cut off. It exits with 0 where the chain is intact, and with 1 where it is not.

      Example:
        caisson audit last
        caisson audit --verify
      """
  )

  @Argument(
    help: ArgumentHelp(
      "A run: its name, the beginning of one, or 'last'. Without it, every row.",
      valueName: "run"
    )
  )
  var named: String?

  @Flag(help: "Go on, and print rows as they are written.")
  var follow = false

  @Flag(help: "Check the chain of hashes, of all rows.")
  var verify = false

  @Flag(help: "Print one JSON object a line.")
  var json = false

  func validate() throws {
    if verify && follow { throw ValidationError("--verify and --follow do not go together") }
  }

  func run() throws {
    try reportingFailures {
      let home = try Home.current()
      let journal = follow ? try home.journal() : try home.existingJournal()
      guard let journal else {
        if let named { throw JournalError.unknownRun(named) }
        if verify { try report(.intact(head: .genesis, uncovered: 0), home) }
        return
      }
      let run = try named.map { text throws(JournalError) in try journal.resolve(text) }
      if verify {
        try report(try journal.verify(), home)
      } else {
        try show(run, of: journal)
      }
    }
  }

  private func show(_ run: String?, of journal: Journal) throws {
    var shown: Int64 = 0
    let page = 500
    while true {
      let rows = try journal.rows(run: run, after: shown, limit: page)
      for row in rows {
        print(json ? try RowText.json(row) : RowText.line(row, withRun: run == nil))
      }
      shown = rows.last?.sequence ?? shown
      if rows.count == page { continue }
      guard follow else { return }
      if !rows.isEmpty { fflush(nil) }
      usleep(200_000)
    }
  }

  private func report(_ verification: Verification, _ home: Home) throws {
    let server = try serverVerification(home)
    if json {
      var said = VerificationJSON(verification)
      said.server = server
      print(try said.text)
    } else {
      print(verification.sentence)
      if let server { print("on the server: \(server.sentence)") }
    }
    if server?.intact == false { throw ExitCode.failure }
    if case .broken = verification { throw ExitCode.failure }
  }

  /// The chain of the assignments, where the daemon that is up keeps them on a server.
  private func serverVerification(_ home: Home) throws -> VerificationView? {
    let client = DaemonClient(home: home)
    guard client.isUp else {
      if getenv("CAISSON_JOURNAL") != nil {
        complain("what the server of CAISSON_JOURNAL keeps is not looked at: start caisson up")
      }
      return nil
    }
    do {
      let health: HealthView = try client.get("/v1/health")
      guard health.keepsOnServer == true else { return nil }
      return try client.get("/v1/verification", patience: 3_600)
    } catch {
      // A check that was not made is none that held.
      complain("what the journal's server keeps could not be looked at: \(error)")
      throw ExitCode.failure
    }
  }
}
