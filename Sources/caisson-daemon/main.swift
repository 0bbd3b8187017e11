import CLinux
import Foundation
import Glibc

// The daemon, and each of its workers: one program, so that both know the same kinds of steps.

_ = cl_ignore_signal(SIGPIPE)
let complain: @Sendable (String) -> Void = { text in
  FileHandle.standardError.write(Data("caisson: \(text)\n".utf8))
}
do {
  if CommandLine.arguments.dropFirst().first == "worker" {
    try await WorkerProcess.run(complain)
  } else {
    try await DaemonProcess.run(complain)
  }
} catch {
  complain("\(error)")
  exit(125)
}
