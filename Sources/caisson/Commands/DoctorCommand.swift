import ArgumentParser
import Foundation
import Sandbox

/// `caisson doctor`: what this machine can enforce.
struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Says what this machine can enforce, and how to mend what it cannot.",
    discussion: """
      Each line is found out by trying: a sealed process is started and what it meets is reported. \
      'weaker' means that a limit is watched rather than enforced by the kernel, or that one of \
      two walls is missing.

      Example:
        caisson doctor
        caisson doctor --attack

      Exit status: 0 where everything needed is there, 1 where something is missing.
      """
  )

  @Flag(help: "Print one JSON object a line.")
  var json = false

  @Flag(help: "Run the attack suite: each attack unsealed, where it must work, and sealed.")
  var attack = false

  @Option(help: ArgumentHelp("Only this attack; may be given again.", valueName: "name"))
  var only: [String] = []

  func validate() throws {
    if !only.isEmpty && !attack { throw ValidationError("--only goes with --attack") }
  }

  func run() throws {
    try reportingFailures {
      let home = try Home.current()
      try home.prepareState()
      if attack { return try runAttacks(home) }
      let findings = Doctor(home: home).examine()
      if json {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        for finding in findings {
          print(String(decoding: try encoder.encode(finding), as: UTF8.self))
        }
      } else {
        for finding in findings { print(finding.text(colour: TerminalGlimpse.hasColour)) }
      }
      if findings.contains(where: { $0.state == .missing }) { throw ExitCode.failure }
    }
  }

  private func runAttacks(_ home: Home) throws {
    let begin = ContinuousClock.now
    let colour = TerminalGlimpse.hasColour
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    if !json { print(AttackReport.header) }
    var unreported: (any Error)?
    let reports = try AttackSuite.run(home: home, only: only) { report in
      do {
        print(
          json
            ? String(decoding: try encoder.encode(report), as: UTF8.self)
            : report.text(colour: colour)
        )
      } catch {
        unreported = error
      }
      fflush(nil)
    }
    if let unreported { throw unreported }
    let seconds = (ContinuousClock.now - begin) / .seconds(1)
    if !json { print(AttackReport.total(reports, seconds: seconds)) }
    if reports.contains(where: { $0.outcome == .failed }) { throw ExitCode.failure }
  }
}
