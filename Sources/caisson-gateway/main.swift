import CLinux
import Foundation
import Gateway
import Glibc

// The process that holds the providers' keys: what stands in its memory is read by nobody, and left
// in no file.
_ = cl_set_dumpable(0)
_ = cl_set_rlimit(Int32(RLIMIT_CORE.rawValue), 0, 0)
_ = cl_ignore_signal(SIGPIPE)

let output = StandardOutput()
do {
  let plan = try GatewayPlan(try GatewaySetup.read())
  // Before there is a second thread.
  if let warning = try plan.seal.apply() { output.say(warning) }
  // Before anybody can know that it is there to be stopped.
  let signals = Signals()
  if let engine = plan.setup.engine { KeeperWatch(socket: engine.socket).begin(output) }
  let service = try await GatewayService.start(plan, output: output)
  output.say("listening on \(service.address)")
  await signals.stopAsked()
  output.say("stopping; requests under way have \(GatewayService.grace.components.seconds) s")
  await service.stop()
  output.finish()
} catch {
  output.say("\(error)")
  output.finish()
  exit(125)
}
