import Inference

/// Makes files of models that are nearly right, from ones that are.
package struct ModelMutator {
  package var random: SplitMix

  package init(seed: UInt64) {
    random = SplitMix(seed: seed)
  }

  // MARK: GGUF

  /// One file, changed in its structure, in the numbers of its structure, and in its bytes: in any of
  /// them or in none.
  package mutating func file() -> [UInt8] {
    if random.below(5000) == 0 { return dense() }
    let seed = GGUFWriter.seeds[random.below(GGUFWriter.seeds.count)]
    let other = GGUFWriter.seeds[random.below(GGUFWriter.seeds.count)]
    return file(seed, other)
  }

  /// A file that says as many small things as its size allows, of one kind.
  private mutating func dense() -> [UInt8] {
    var writer = GGUFWriter()
    let count = 1 + random.below(4096)
    switch random.below(4) {
    case 0: writer.keys = (0..<count).map { (String($0, radix: 36), .uint8(1)) }
    case 1:
      writer.alignment = 8
      writer.keys = [("general.alignment", .uint32(8))]
      writer.tensors = (0..<count).map { .init(String($0, radix: 36), .f16, shape: [1]) }
    case 2:
      let empty = GGUFWriter.Value.list([], kind: 9)
      writer.keys = [(name() + "k", .list((0..<count).map { _ in empty }))]
    default: writer.keys = [("texts", .texts((0..<count).map { _ in "" }))]
    }
    return writer.bytes
  }

  /// A model of two to four files, one of them changed or more.
  package mutating func shards() -> [[UInt8]] {
    let count = 2 + random.below(3)
    var shards: [[UInt8]] = []
    for index in 0..<count {
      let shard = GGUFWriter.shard(index, of: count)
      shards.append(random.chance(40) ? file(shard, .shard(0, of: count)) : shard.bytes)
    }
    switch random.below(12) {
    case 0: shards.swapAt(0, random.below(count))
    case 1: shards.removeLast()
    case 2: shards.append(shards[random.below(count)])
    default: break
    }
    return shards
  }

  private mutating func file(_ seed: GGUFWriter, _ other: GGUFWriter) -> [UInt8] {
    var writer = seed
    for _ in 0..<random.below(4) { change(&writer) }
    var (bytes, fields) = writer.written()
    for _ in 0..<random.below(3) {
      guard !fields.isEmpty else { break }
      overwrite(&bytes, fields[random.below(fields.count)])
    }
    if random.chance(25) { bytes = random.mutated(bytes) }
    if random.chance(8) { bytes.removeLast(random.below(bytes.count + 1)) }
    if random.chance(4) {
      let donor = other.bytes
      bytes.replaceSubrange(
        random.below(bytes.count + 1)...,
        with: donor[random.below(donor.count)...]
      )
    }
    if random.chance(4) { bytes += random.bytes(random.below(5000)) }
    return bytes
  }

  private mutating func change(_ writer: inout GGUFWriter) {
    switch random.below(14) {
    case 0: writer.keys.insert((name(), value()), at: random.below(writer.keys.count + 1))
    case 1:
      if let index = index(writer.keys.count) { writer.keys[index].1 = value() }
    case 2:
      if let index = index(writer.keys.count) { writer.keys.remove(at: index) }
    case 3:
      if let index = index(writer.keys.count) { writer.keys.append(writer.keys[index]) }
    case 4:
      if let index = index(writer.keys.count) {
        let old = writer.keys[index].1
        writer.keys[index].1 = GGUFWriter.Value(kind: UInt32(random.below(15)), bytes: old.bytes)
      }
    case 5:
      if let first = index(writer.keys.count), let second = index(writer.keys.count) {
        let value = writer.keys[first].1
        writer.keys[first].1 = writer.keys[second].1
        writer.keys[second].1 = value
      }
    case 6:
      writer.alignment = 1 << random.below(14)
      writer.keys.append(("general.alignment", .uint32(UInt32(writer.alignment))))
    case 7: writer.keys.append((name(), .uint64(number())))
    case 8: writer.tensors.append(.init(name(), type(), shape: [32, 1 + UInt64(random.below(9))]))
    default:
      if let index = index(writer.tensors.count) { change(&writer.tensors[index]) }
    }
  }

  private mutating func change(_ tensor: inout GGUFWriter.Tensor) {
    switch random.below(8) {
    case 0: tensor.name = name()
    case 1: tensor.code = UInt32(random.below(48))
    case 2: tensor.offset = number()
    case 3: tensor.offset = UInt64(random.below(64)) * 32
    case 4: tensor.shape.append(random.chance(50) ? 1 : number())
    case 5: if !tensor.shape.isEmpty { tensor.shape.removeLast() }
    case 6: tensor.data += random.bytes(random.below(300))
    default:
      if let index = index(tensor.shape.count) {
        tensor.shape[index] = random.chance(50) ? number() : UInt64(random.below(600))
      }
    }
  }

  private mutating func index(_ count: Int) -> Int? { count == 0 ? nil : random.below(count) }

  private mutating func name() -> String {
    switch random.below(8) {
    case 0: ""
    case 1: String(repeating: "n", count: random.below(80))
    case 2 where random.below(20) == 0: String(repeating: "k", count: 65_530 + random.below(10))
    case 3: "general.alignment"
    case 4: ["split.count", "split.no", "split.tensors.count"][random.below(3)]
    case 5: "é\u{0}\n\u{202E}"
    default: "blk.\(random.below(3)).attn_q.weight"
    }
  }

  private mutating func type() -> TensorType {
    TensorType.allCases[random.below(TensorType.allCases.count)]
  }

  private mutating func value(depth: Int = 0) -> GGUFWriter.Value {
    switch random.below(depth > 5 ? 6 : 9) {
    case 0: return .uint8(UInt8(truncatingIfNeeded: number()))
    case 1: return .uint32(UInt32(truncatingIfNeeded: number()))
    case 2: return .int32(Int32(truncatingIfNeeded: number()))
    case 3: return .float32(Float(bitPattern: UInt32(truncatingIfNeeded: number())))
    case 4: return .uint64(number())
    case 5: return .text(name())
    case 6: return .texts((0..<random.below(5)).map { _ in name() })
    case 7: return .list((0..<random.below(40)).map { _ in .int32(Int32(random.below(300))) })
    default:
      var values: [GGUFWriter.Value] = []
      for _ in 0..<random.below(4) { values.append(value(depth: depth + 1)) }
      let kind = values.first?.kind
      return .list(values.filter { $0.kind == kind }, kind: kind ?? 9)
    }
  }

  /// A number at which counts, lengths and sums go wrong.
  private mutating func number() -> UInt64 {
    let edges: [UInt64] = [
      0, 1, 2, 3, 4, 7, 8, 9, 12, 13, 31, 32, 33, 63, 64, 65, 255, 256, 1 << 16, 1 << 24, 1 << 31,
      1 << 32, 1 << 61, 1 << 62, 1 << 63, .max,
    ]
    let edge = edges[random.below(edges.count)]
    switch random.below(4) {
    case 0: return random.next() >> UInt64(random.below(64))
    case 1: return edge &- UInt64(random.below(40))
    case 2: return edge &+ UInt64(random.below(40))
    default: return edge
    }
  }

  private mutating func overwrite(_ bytes: inout [UInt8], _ field: Range<Int>) {
    let number = number()
    for (place, byte) in zip(field, little(number)) { bytes[place] = byte }
  }

  // MARK: safetensors

  private static let headers = [
    #"{"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]},"#
      + #""b":{"dtype":"I64","shape":[1],"data_offsets":[16,24]}}"#,
    #"{"t":{"dtype":"BF16","shape":[],"data_offsets":[0,2]},"u\u00e4\"":{"dtype":"F16","#
      + #""shape":[11],"data_offsets":[2,24]}}   "#,
    #"{"x":{"dtype":"F32","shape":[0,9],"data_offsets":[0,0]},"#
      + #""y":{"dtype":"U8","shape":[24],"data_offsets":[0,24]}}"#,
  ].map { Array($0.utf8) }

  /// A file of safetensors with a header that is nearly right.
  package mutating func safetensors() -> [UInt8] {
    var header = Self.headers[random.below(Self.headers.count)]
    for _ in 0..<random.below(3) {
      let digits = header.indices.filter { (48...57).contains(header[$0]) }
      switch random.below(5) {
      case 0:
        if let index = index(digits.count) {
          header.replaceSubrange(digits[index]...digits[index], with: Array("\(number())".utf8))
        }
      case 1:
        let tokens = [
          "{", "}", "[", "]", ",", ":", "\"", "-", "1e9", "\\ud800", "null", " ", "\u{0}",
        ]
        let token = tokens[random.below(tokens.count)]
        header.insert(contentsOf: token.utf8, at: random.below(header.count + 1))
      case 2:
        let first = random.below(header.count)
        let copy = header[first..<min(first + 1 + random.below(60), header.count)]
        header.insert(contentsOf: copy, at: random.below(header.count + 1))
      case 3:
        let depth = 1 + random.below(2000)
        let nest = Array(repeating: UInt8(ascii: random.chance(50) ? "[" : "{"), count: depth)
        header.insert(contentsOf: nest, at: random.below(header.count + 1))
      default: header = random.mutated(header)
      }
    }
    let length = random.chance(90) ? UInt64(header.count) : number()
    var bytes = little(length) + header + random.bytes(random.chance(85) ? 24 : random.below(60))
    if random.chance(5) { bytes.removeLast(random.below(bytes.count + 1)) }
    return bytes
  }
}
