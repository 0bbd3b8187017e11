package import FoundationEssentials

/// What the supervisor tells at the start: the run, its policy, its secrets, and whom to trust.
package struct Configuration: Codable, Sendable {
  package struct Secret: Codable, Sendable {
    package struct Binding: Codable, Hashable, Sendable {
      package struct Field: Codable, Hashable, Sendable {
        package var method: String
        package var path: String
        package var field: String
      }

      package var host: String
      package var header: String?
      package var query: Field?
      package var body: Field?
    }

    package var name: String
    package var placeholder: String
    package var value: Data
    package var bindings: [Binding]
  }

  package var run: String
  /// Canonical text of the policy's document.
  package var policy: String
  package var secrets: [Secret]
  /// The path of the bundle of roots that the world's certificates are checked against.
  package var trust: String
  package var limits: TransportLimits?
  /// Whether a person is asked about hosts that nothing grants.
  package var asks: Bool?
  /// Whether each connection shall be told whose it is.
  package var tracesPrograms: Bool?

  package init(
    run: String,
    policy: String,
    secrets: [Secret] = [],
    trust: String,
    limits: TransportLimits? = nil,
    tracesPrograms: Bool? = nil
  ) {
    self.run = run
    self.policy = policy
    self.secrets = secrets
    self.trust = trust
    self.limits = limits
    self.tracesPrograms = tracesPrograms
  }
}

/// A policy that takes the place of the one before.
package struct PolicyUpdate: Codable, Sendable {
  package var policy: String

  package init(policy: String) {
    self.policy = policy
  }
}

/// Which sockets of the plan a message brings.
package struct SocketDelivery: Codable, Sendable {
  package var first: Int

  package init(first: Int) {
    self.first = first
  }
}

/// The tap of the run's loopback comes with a message, or the errno for which there is none.
package struct TapDelivery: Codable, Sendable {
  package var error: Int32
}

/// The socket that tells whose a connection is comes with a message, or the errno for which there is
/// none.
package struct DiagnosisDelivery: Codable, Sendable {
  package var error: Int32
  /// PID 1 of the run, as it is numbered here.
  package var pid: Int32
}

/// What went wrong, in the last message before the end.
package struct FatalReport: Codable, Sendable {
  package var message: String

  package init(message: String) {
    self.message = message
  }
}
