/// One row of the journal.
package struct Row: Sendable, Equatable {
  /// Its place in the chain, from 1, without gaps.
  package let sequence: Int64
  /// When it was written, in microseconds since 1970.
  package let microseconds: Int64
  /// The run that it belongs to.
  package let run: String?
  package let kind: String
  /// What belongs to the kind, as JSON.
  package let payload: String
  /// The hash over all of the above and over the row before.
  package let hash: ChainHash

  /// The payload, read.
  package var event: Event { Event(kind: kind, payload: payload) }
}
