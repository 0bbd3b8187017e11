import ArgumentParser
import Foundation
import Journal

/// The exit status that says: Caisson itself failed, not the command that it was to run.
let caissonFailed = ExitCode(125)

/// Runs a command's body; what goes wrong is told on stderr in one line, with status 125, or 64
/// where the command line named something that does not exist.
func reportingFailures(_ body: () throws -> Void) throws {
  do {
    try body()
  } catch let error as ExitCode {
    throw error
  } catch let error as ValidationError {
    throw error
  } catch let error as JournalError {
    complain("\(error)")
    throw error.isUsage ? ExitCode.validationFailure : caissonFailed
  } catch {
    complain("\(error)")
    throw caissonFailed
  }
}

/// Writes to stderr in the command's name. Where nobody can read it, the status must do.
func complain(_ message: String) {
  let lines = message.split(separator: "\n", omittingEmptySubsequences: false).map(\.printable)
  let text = "caisson: \(lines.joined(separator: "\n"))\n"
  try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
}

extension JournalError {
  fileprivate var isUsage: Bool {
    switch self {
    case .unknownRun, .ambiguousRun: true
    default: false
    }
  }
}
