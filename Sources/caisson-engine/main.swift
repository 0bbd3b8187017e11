import CLinux
import Foundation
import Glibc

// The process that models run in: a file of weights is a stranger's, and it is read here, apart from
// every key. It is started by caisson, with what it is to do in its first argument.
_ = cl_set_dumpable(0)
_ = cl_set_rlimit(Int32(RLIMIT_CORE.rawValue), 0, 0)
_ = cl_ignore_signal(SIGPIPE)

/// Tells whoever started it, on standard error.
func say(_ line: String) {
  try? FileHandle.standardError.write(contentsOf: Data("caisson: \(line)\n".utf8))
}

do {
  switch CommandLine.arguments.dropFirst().first {
  case "inspect": try Inspection.run(CommandLine.arguments.dropFirst(2), checks: false)
  case "check": try Inspection.run(CommandLine.arguments.dropFirst(2), checks: true)
  case "known": try KnownList.run(CommandLine.arguments.dropFirst(2))
  case "keep", "spare":
    let words = Array(CommandLine.arguments.dropFirst(2))
    var keeper = Keeper(
      program: CommandLine.arguments[0],
      socket: words.first ?? "",
      deaths: DeathRow(words.dropFirst().first ?? "")
    )
    if CommandLine.arguments[1] == "spare" { try keeper.standBy() }
    try keeper.run()
  case "serve": try await EngineService.run()
  default: throw StartError("start it with: caisson gateway, or caisson chat")
  }
} catch {
  say("\(error)")
  exit(125)
}
