import CLinux
import Dispatch
import Egress

/// What the supervisor says, one message after the other.
struct Conversation {
  private let control: ControlSocket
  private let audit: AuditBuffer
  private let session: Session

  init(_ control: ControlSocket, _ audit: AuditBuffer) {
    self.control = control
    self.audit = audit
    session = Session(audit: audit)
  }

  /// Goes on until there is an error, or the process ends.
  func run() throws(ServiceError) {
    while true {
      let packet = try control.receive()
      let brought = packet.descriptors
      var attachment: [UInt8] = []
      var sockets: [CInt] = []
      switch packet.message.kind {
      case .configure, .policy: attachment = try MemoryFile.read(brought)
      default: sockets = brought
      }
      let reply = try session.handle(packet.message, attachment: attachment, descriptors: sockets)
      try act(on: reply)
    }
  }

  private func act(on reply: Session.Reply) throws(ServiceError) {
    switch reply {
    case .nothing:
      break
    case .ready(let certificate):
      let file = try MemoryFile.make("certificate", certificate)
      control.send(ControlMessage(.ready), file: file)
      _ = cl_close(file)
    case .serving(let names, let datagrams):
      for descriptor in datagrams {
        let socket = try NameDatagrams(descriptor, names)
        DispatchQueue(label: "names").async { socket.answer() }
      }
      control.send(ControlMessage(.serving))
    case .policyTaken:
      control.send(ControlMessage(.policyTaken))
    case .quit:
      control.flush(audit, isLast: true)
      cl_exit(0)
    }
  }
}
