import FoundationEssentials

/// The order of what the supervisor says: configure, sockets, then new policies until the end.
package final class Session {
  private enum Stage {
    case unconfigured
    case collecting(Service, [CInt])
    case serving(Service)
  }

  /// What is to be done after a message.
  package enum Reply {
    case nothing
    case ready(certificate: [UInt8])
    /// The name service answers on these descriptors from now on.
    case serving(NameService, datagrams: [CInt])
    /// The tap is read from now on.
    case watching(CInt, AttemptLog)
    /// Each connection is told whose it is, by asking this socket.
    case tracing(CInt?, ProgramWitness?, first: Int32)
    case policyTaken
    case quit
  }

  private var stage = Stage.unconfigured
  private let audit: any AuditSink
  private let ask: @Sendable (Questions.Place) -> Void

  /// - Parameter ask: puts a question to a person.
  package init(
    audit: any AuditSink,
    ask: @escaping @Sendable (Questions.Place) -> Void = { _ in }
  ) {
    self.audit = audit
    self.ask = ask
  }

  /// - Parameters:
  ///   - attachment: what the file holds that a message of these kinds brings.
  ///   - descriptors: the sockets that a message brings.
  package func handle(
    _ message: ControlMessage,
    attachment: [UInt8],
    descriptors: [CInt]
  ) throws(ServiceError) -> Reply {
    switch (message.kind, stage) {
    case (.configure, .unconfigured):
      let service = try Service(Self.decode(attachment), audit: audit, ask: ask)
      stage = .collecting(service, [])
      return .ready(certificate: service.certificate)
    case (.tap, .collecting(let service, _)), (.tap, .serving(let service)):
      let delivery: TapDelivery = try Self.decode(message.body)
      guard let tap = descriptors.first else {
        service.attempts.noteAbsence(delivery.error)
        return .nothing
      }
      return .watching(tap, service.attempts)
    case (.diagnosis, .collecting(let service, _)), (.diagnosis, .serving(let service)):
      let delivery: DiagnosisDelivery = try Self.decode(message.body)
      if descriptors.isEmpty { service.witness?.noteAbsence(delivery.error) }
      return .tracing(descriptors.first, service.witness, first: delivery.pid)
    case (.sockets, .collecting(let service, let collected)):
      let delivery: SocketDelivery = try Self.decode(message.body)
      guard delivery.first == collected.count, !descriptors.isEmpty else {
        throw ServiceError("sockets came out of their order")
      }
      let all = collected + descriptors
      stage = .collecting(service, all)
      guard all.count >= service.socketCount else { return .nothing }
      let datagrams = try service.serve(on: all)
      stage = .serving(service)
      return .serving(service.names, datagrams: datagrams)
    case (.policy, .collecting(let service, _)), (.policy, .serving(let service)):
      let update: PolicyUpdate = try Self.decode(attachment)
      try service.replacePolicy(update.policy)
      return .policyTaken
    case (.refusal, .serving(let service)):
      guard let place = Questions.Place(String(decoding: message.body, as: UTF8.self)) else {
        throw ServiceError("a refusal names no place")
      }
      service.questions?.refuse(place)
      return .nothing
    case (.quit, .collecting(let service, _)), (.quit, .serving(let service)):
      service.close()
      return .quit
    case (.quit, .unconfigured):
      return .quit
    default:
      throw ServiceError("a message of kind \(message.kind) came out of its order")
    }
  }

  private static func decode<Value: Decodable>(_ bytes: [UInt8]) throws(ServiceError) -> Value {
    do {
      return try JSONDecoder().decode(Value.self, from: Data(bytes))
    } catch {
      // The error itself may quote what it could not read, and that may be a secret.
      throw ServiceError("a message from the supervisor is not what it should be (\(Value.self))")
    }
  }
}
