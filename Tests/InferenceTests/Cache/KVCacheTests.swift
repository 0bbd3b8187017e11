import Foundation
import Testing

@testable import Inference

@Suite struct KVCacheTests {
  @Test func `a slot never gets huge pages, so that it takes what is used of it`() throws {
    let cache = KVCache(
      layout: CacheLayout(try TinyModel.model().shape, form: .f16, positions: 65_536),
      slots: 1
    )
    #expect(cache.open(0))
    let start = Int(bitPattern: cache.keys(0, layer: 0))
    // Of each mapping: a line with its addresses, and further down one with its flags. A read gives a
    // page of it at a time.
    let file = try FileHandle(forReadingFrom: URL(filePath: "/proc/self/smaps"))
    var bytes = Data()
    while let more = try file.read(upToCount: 65_536), !more.isEmpty { bytes += more }
    let maps = String(decoding: bytes, as: UTF8.self)
    var isOurs = false
    var flags: [Substring] = []
    for line in maps.split(separator: "\n") {
      let words = line.split(separator: " ")
      let ends = words[0].split(separator: "-").compactMap { Int($0, radix: 16) }
      if ends.count == 2 { isOurs = ends[0] <= start && start < ends[1] }
      if isOurs, words[0] == "VmFlags:" { flags = words }
    }
    #expect(flags.contains("nh"))
    withExtendedLifetime(cache) {}
  }
}
