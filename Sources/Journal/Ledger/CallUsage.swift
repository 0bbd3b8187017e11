/// What a call used, by kind. Kinds that it did not use are not written.
package struct CallUsage: Sendable, Equatable {
  /// In the order of their names, as JSON has them.
  package enum Kind: String, CodingKey, Sendable, CaseIterable {
    case audioInput = "audio_input"
    case audioInputMilliseconds = "audio_input_ms"
    case audioOutput = "audio_output"
    case audioOutputMilliseconds = "audio_output_ms"
    case cacheRead = "cache_read"
    case cacheWrite = "cache_write"
    case cacheWriteHour = "cache_write_1h"
    case images
    case input, output, reasoning, requests
    case videoMilliseconds = "video_ms"
  }

  private var counts: [Kind: Int64] = [:]

  package init(_ counts: [Kind: Int64] = [:]) {
    for (kind, count) in counts { self[kind] = count }
  }

  package subscript(kind: Kind) -> Int64 {
    get { counts[kind] ?? 0 }
    set { counts[kind] = newValue == 0 ? nil : newValue }
  }

  package var isEmpty: Bool { counts.isEmpty }

  /// Adds what another call used; what would overflow stays at the largest number.
  package mutating func add(_ other: CallUsage) {
    for (kind, count) in other.counts {
      let (sum, overflow) = self[kind].addingReportingOverflow(count)
      self[kind] = overflow ? .max : sum
    }
  }

  func write(to json: inout JSONLine) {
    json.beginObject()
    for kind in Kind.allCases {
      if let count = counts[kind] { json.field(kind.rawValue, count) }
    }
    json.endObject()
  }
}

extension CallUsage: Codable {
  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: Kind.self)
    for kind in values.allKeys { self[kind] = try values.decode(Int64.self, forKey: kind) }
  }

  package func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: Kind.self)
    for (kind, count) in counts { try values.encode(count, forKey: kind) }
  }
}
