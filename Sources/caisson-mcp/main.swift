import CLinux
import Glibc

// A client that is gone is an error of its own, and not the end of this process in the midst of it.
_ = cl_ignore_signal(SIGPIPE)

do {
  let options = try BridgeOptions(Array(CommandLine.arguments.dropFirst()))
  try await BridgeRun(options).run()
} catch let error as BridgeOptions.Problem {
  BridgeRun.say(error.description)
  exit(2)
} catch {
  BridgeRun.say("\(error)")
  exit(1)
}
