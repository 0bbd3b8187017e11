internal import Foundation

extension BranchRecord {
  init?(json bytes: [UInt8]) {
    guard let record = try? JSONDecoder().decode(BranchRecord.self, from: Data(bytes)),
      record.version == 1, RunID(record.run) != nil
    else { return nil }
    self = record
  }

  var json: [UInt8] {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      return Array(try encoder.encode(self))
    }
  }
}
