/// How much the spool keeps, and how surely.
package struct SpoolOptions: Sendable {
  /// A segment that would grow beyond this is closed; bytes.
  package var segmentBytes = 16 << 20
  /// What all segments together may take; the oldest whole answers go first. Bytes.
  package var totalBytes = 256 << 20
  /// How long an answer is kept after its end; microseconds.
  package var retention: Int64 = 24 * 3_600 * 1_000_000
  /// Whether an answer's end waits for the disk. The death of a process loses nothing without.
  package var syncsAtEnd = false

  package init() {}
}
