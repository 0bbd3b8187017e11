import CLinux
import Egress
import Glibc

// The supervisor says when to end: a signal at the terminal is meant for the run.
_ = cl_ignore_signal(SIGINT)
_ = cl_ignore_signal(SIGTERM)
_ = cl_ignore_signal(SIGPIPE)
// What stands in this process's memory is read by nobody, and left in no file.
_ = cl_set_dumpable(0)
_ = cl_set_rlimit(Int32(RLIMIT_CORE.rawValue), 0, 0)
// Two for each connection, and what is kept open to the world besides.
_ = cl_set_rlimit(Int32(RLIMIT_NOFILE.rawValue), 8_192, 8_192)
// A name means itself, whatever the machine's search list would make of it.
setenv("LOCALDOMAIN", ".", 1)

let control = ControlSocket(3)
let audit = AuditBuffer()
control.sendAudit(from: audit)

do throws(ServiceError) {
  var conversation = Conversation(control, audit)
  try conversation.run()
} catch {
  control.sendFatal(error)
}
