import ArgumentParser
import Foundation
import Sandbox

/// `caisson doctor`: what this machine can enforce.
struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Say what this machine can enforce, and how to mend what it cannot.",
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

  func run() throws {
    try reportingFailures {
      let home = try Home.current()
      try home.prepareState()
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
}
