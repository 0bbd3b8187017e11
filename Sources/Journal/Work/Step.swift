import Foundation

/// What is about to be done: written before it is.
package struct StepIntent: Sendable, Equatable {
  /// One more than the newest step's.
  package var sequence: Int
  /// `model`, `tool:bash`, `start`, …: letters, digits and `._:-`.
  package var kind: String
  package var effect: EffectClass
  /// SHA-256 of the request, hexadecimal.
  package var hash: String
  /// The exact request, as JSON.
  package var body: String

  package init(sequence: Int, kind: String, effect: EffectClass, hash: String, body: String) {
    self.sequence = sequence
    self.kind = kind
    self.effect = effect
    self.hash = hash
    self.body = body
  }

  /// The idempotency key of the effect: the same for each attempt at this step, and no other's.
  package func key(in assignment: String) -> String {
    "\(assignment).\(sequence).\(kind).\(hash.prefix(16))"
  }
}

extension StepIntent {
  /// Reads the payload of a row `step-intent`.
  package init?(payload: String) {
    struct Rest: Decodable {
      let `class`: EffectClass
      let hash, kind: String
      let step: Int
    }
    guard let (body, rest) = WorkRow.split(payload, before: "class"),
      let read = try? JSONDecoder().decode(Rest.self, from: Data(rest.utf8))
    else { return nil }
    self.init(
      sequence: read.step,
      kind: read.kind,
      effect: read.class,
      hash: read.hash,
      body: body
    )
  }
}

/// What came of it.
package struct StepOutcome: Sendable, Equatable {
  package enum Status: String, Sendable, Codable, CaseIterable {
    case done
    /// It was answered with an error, or refused.
    case failed
    /// Its worker died, and it may have happened in part.
    case interrupted
    /// It certainly did not happen.
    case notHappened = "not-happened"
  }

  package var status: Status
  /// The exact answer, as JSON.
  package var body: String

  package init(_ status: Status, body: String) {
    self.status = status
    self.body = body
  }
}

/// A step as it is on record: its intent, and its outcome once there is one.
package struct StepRecord: Sendable, Equatable {
  package let intent: StepIntent
  package let outcome: StepOutcome?
  /// How often it was begun.
  package let attempts: Int
  /// When it was begun first, and when it ended; microseconds since 1970.
  package let begun: Int64
  package let ended: Int64?

  package init(
    intent: StepIntent,
    outcome: StepOutcome?,
    attempts: Int,
    begun: Int64,
    ended: Int64?
  ) {
    self.intent = intent
    self.outcome = outcome
    self.attempts = attempts
    self.begun = begun
    self.ended = ended
  }
}

extension StepRecord {
  /// Reads what a store has of a step: the payloads of its rows and its own columns.
  package init?(
    intent: String,
    outcome: String?,
    status: String?,
    attempts: Int,
    begun: Int64,
    ended: Int64?
  ) {
    guard let intent = StepIntent(payload: intent) else { return nil }
    var read: StepOutcome?
    if let status {
      guard let status = StepOutcome.Status(rawValue: status),
        let body = outcome.flatMap({ WorkRow.split($0, before: "status") })?.body
      else { return nil }
      read = StepOutcome(status, body: body)
    }
    self.init(intent: intent, outcome: read, attempts: attempts, begun: begun, ended: ended)
  }
}
