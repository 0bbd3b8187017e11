import CLinux
import Dispatch
import Egress

/// What the supervisor says, one message after the other.
struct Conversation {
  private let control: ControlSocket
  private let audit: AuditBuffer
  private let session: Session
  private var tap: TapSocket?

  init(_ control: ControlSocket, _ audit: AuditBuffer) {
    self.control = control
    self.audit = audit
    let queue = DispatchQueue(label: "questions")
    session = Session(audit: audit) { place in
      // Sending waits where the supervisor is behind, and connections must not.
      queue.async { control.send(ControlMessage(.question, body: Array(place.text.utf8))) }
    }
  }

  /// Goes on until there is an error, or the process ends.
  mutating func run() throws(ServiceError) {
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

  private mutating func act(on reply: Session.Reply) throws(ServiceError) {
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
    case .watching(let descriptor, let attempts):
      let socket = TapSocket(descriptor, attempts)
      socket.watch()
      tap = socket
    case .tracing(let descriptor, let witness, let first):
      if let descriptor, let witness {
        Diagnosis(descriptor).begin(witness, first: first)
      }
      control.send(ControlMessage(.tracing))
    case .policyTaken:
      control.send(ControlMessage(.policyTaken))
    case .quit:
      tap?.take(isLast: true)
      control.flush(audit, isLast: true)
      control.end()
    }
  }
}
