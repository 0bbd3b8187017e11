import Testing

@testable import Inference

/// A file that is wrong in one field, and what is said of it.
struct WrongFile: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let writer: GGUFWriter
  let fault: GGUFError.Fault

  init(_ name: String, _ fault: GGUFError.Fault, _ change: (inout GGUFWriter) -> Void) {
    var writer = GGUFWriter.small
    change(&writer)
    testDescription = name
    self.writer = writer
    self.fault = fault
  }
}

@Suite struct GGUFFaultTests {
  @Test func `each kind of value is read as it was written`() throws {
    let file = try GGUFFile(bytes: GGUFWriter.small.bytes)
    #expect(file.string("general.architecture") == "llama")
    #expect(file.unsigned("a.uint8") == 200 && file.signed("a.int8") == -3)
    #expect(file.unsigned("a.uint16") == 60_000 && file.signed("a.int16") == -300)
    #expect(file.integer("a.uint32") == 4 && file.signed("a.int32") == -70_000)
    #expect(file.real("a.float32") == 0.5 && file.real("a.float64") == 0.1)
    #expect(file.flag("a.flag") == true && file.flag("a.uint8") == nil)
    #expect(file.unsigned("a.uint64") == .max && file.signed("a.uint64") == nil)
    #expect(file.signed("a.int64") == .min && file.unsigned("a.int64") == nil)
    #expect(file.integer("a.int8") == nil && file.real("a.int8") == -3)
    let texts = try #require(file.list("a.texts"))
    #expect((-1..<4).map { texts.text(at: $0).map(Array.init) } == [nil, [], one, zwei, nil])
    let numbers = try #require(file.list("a.numbers"))
    #expect((-1..<3).map { numbers.integer(at: $0) } == [nil, -1, 7, nil])
    #expect(numbers.real(at: 1) == 7 && numbers.text(at: 0) == nil && numbers.flag(at: 0) == nil)
    #expect(file.list("a.lists")?.count == 2)
    let norm = try file.tensor("norm")
    #expect(norm.shape == [3] && norm.rowLength == 3 && norm.rows == 1)
    #expect(Array(norm.bytes) == [1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0])
    #expect(try file.tensor("matrix").bytes.count == 72)
  }

  private let one = Array("one".utf8)
  private let zwei = Array("zwei".utf8)

  @Test(arguments: wrong) func `a field that is wrong is named`(_ wrong: WrongFile) {
    let error = #expect(throws: GGUFError.self) { try GGUFFile(bytes: wrong.writer.bytes) }
    #expect(error?.fault == wrong.fault)
    #expect(error?.description.contains("\n") == false)
  }

  static let wrong: [WrongFile] = header + keys + tensors

  static let header = [
    WrongFile("another magic", .notGGUF) { $0.magic = Array("GGML".utf8) },
    WrongFile("big-endian", .bigEndian) { $0.version = 0x0300_0000 },
    WrongFile("version 0", .version(0)) { $0.version = 0 },
    WrongFile("version 1", .version(1)) { $0.version = 1 },
    WrongFile("version 4", .version(4)) { $0.version = 4 },
    WrongFile("all the keys there are", .tooMany("keys", .max)) { $0.keyCount = .max },
    WrongFile("a million keys", .tooMany("keys", 1_000_000)) { $0.keyCount = 1_000_000 },
    WrongFile("all the tensors there are", .tooMany("tensors", .max)) { $0.tensorCount = .max },
  ]

  static let keys = [
    WrongFile("an empty key", .tooMany("bytes as the name of key 0", 0)) { $0.keys[0].0 = "" },
    WrongFile("a long key", .tooMany("bytes as the name of key 0", 65_536)) {
      $0.keys[0].0 = String(repeating: "k", count: 65_536)
    },
    WrongFile("a key twice", .key("a.int8", "stands twice: the file is damaged")) {
      $0.keys.append(("a.int8", .uint8(1)))
    },
    WrongFile(
      "an unknown kind",
      .key("x", "has a value of the unknown type 13: the file is damaged")
    ) { $0.keys.append(("x", GGUFWriter.Value(kind: 13, bytes: [0]))) },
    WrongFile(
      "a list of an unknown kind",
      .key("x", "has a value of the unknown type 99: the file is damaged")
    ) {
      $0.keys.append(
        ("x", GGUFWriter.Value(kind: 9, bytes: little(UInt32(99)) + little(UInt64(0))))
      )
    },
    WrongFile("half a truth", .key("x", "is neither true nor false, but 2")) {
      $0.keys.append(("x", GGUFWriter.Value(kind: 7, bytes: [2])))
    },
    WrongFile("half a truth in a list", .key("x", "is neither true nor false, but 7")) {
      let head = little(UInt32(7)) + little(UInt64(2))
      $0.keys.append(("x", GGUFWriter.Value(kind: 9, bytes: head + [1, 7])))
    },
    WrongFile("a text without end", .key("x", "claims a text of \(UInt64.max) bytes")) {
      $0.keys.append(("x", GGUFWriter.Value(kind: 8, bytes: little(UInt64.max))))
    },
    WrongFile("a text beyond the file", .ends("the key \"x\"")) {
      $0.keys.append(("x", GGUFWriter.Value(kind: 8, bytes: little(UInt64(100_000)))))
    },
    WrongFile("a list of all the numbers there are", .ends("the key \"x\"")) {
      let bytes = little(UInt32(10)) + little(UInt64(1) << 61)
      $0.keys.append(("x", GGUFWriter.Value(kind: 9, bytes: bytes)))
    },
    WrongFile("a list of all the texts there are", .ends("the key \"x\"")) {
      let bytes = little(UInt32(8)) + little(UInt64.max)
      $0.keys.append(("x", GGUFWriter.Value(kind: 9, bytes: bytes)))
    },
    WrongFile("a list of all the flags there are", .ends("the key \"x\"")) {
      let bytes = little(UInt32(7)) + little(UInt64.max)
      $0.keys.append(("x", GGUFWriter.Value(kind: 9, bytes: bytes)))
    },
    WrongFile("a list of all the lists there are", .ends("the key \"x\"")) {
      let bytes = little(UInt32(9)) + little(UInt64.max)
      $0.tensors = []
      $0.keys.append(("x", GGUFWriter.Value(kind: 9, bytes: bytes)))
    },
    WrongFile("a text in a list beyond the file", .ends("the key \"x\"")) {
      let bytes = little(UInt32(8)) + little(UInt64(1)) + little(UInt64.max)
      $0.keys.append(("x", GGUFWriter.Value(kind: 9, bytes: bytes)))
    },
    WrongFile("lists within lists", .key("x", "has lists within lists, deeper than 4")) {
      let value = (0..<5).reduce(GGUFWriter.Value.uint8(1)) { value, _ in .list([value]) }
      $0.keys.append(("x", value))
    },
    WrongFile("alignment 0", alignment) { $0.keys.append(("general.alignment", .uint32(0))) },
    WrongFile("alignment 48", alignment) { $0.keys.append(("general.alignment", .uint32(48))) },
    WrongFile("alignment 4", alignment) { $0.keys.append(("general.alignment", .uint32(4))) },
    WrongFile("alignment 2 GiB", alignment) {
      $0.keys.append(("general.alignment", .uint32(1 << 31)))
    },
    WrongFile("alignment in words", alignment) {
      $0.keys.append(("general.alignment", .text("32")))
    },
  ]

  private static let alignment = GGUFError.Fault.key(
    "general.alignment",
    "is no power of two from 8 to 1048576"
  )

  static let tensors = [
    WrongFile("a tensor without name", .tooMany("bytes as the name of tensor 0", 0)) {
      $0.tensors[0].name = ""
    },
    WrongFile("a tensor with a long name", .tooMany("bytes as the name of tensor 0", 65)) {
      $0.tensors[0].name = String(repeating: "n", count: 65)
    },
    WrongFile("a tensor twice", .tensor("norm", "stands twice: the file is damaged")) {
      $0.tensors[1].name = "norm"
    },
    WrongFile("no dimension", .tensor("norm", "has 0 dimensions instead of one to four")) {
      $0.tensors[0].shape = []
    },
    WrongFile("five dimensions", .tensor("norm", "has 5 dimensions instead of one to four")) {
      $0.tensors[0].shape = [3, 1, 1, 1, 1]
    },
    WrongFile("an empty dimension", .tensor("norm", "has a dimension of 0")) {
      $0.tensors[0].shape = [3, 0]
    },
    WrongFile("a dimension below zero", .tensor("norm", "has a dimension of \(UInt64.max)")) {
      $0.tensors[0].shape = [.max]
    },
    WrongFile("dimensions whose product overflows", .ends("the tensor \"norm\"")) {
      $0.tensors[0].shape = [1 << 31, 1 << 31, 1 << 31]
    },
    WrongFile("bytes whose count overflows", .ends("the tensor \"norm\"")) {
      $0.tensors[0].shape = [1 << 61]
    },
    WrongFile(
      "half a block",
      .tensor("matrix", "has rows of 48 numbers, no multiple of 32 as Q4_0 needs")
    ) { $0.tensors[1].shape = [48, 2] },
    WrongFile("a tensor beyond the file", .ends("the tensor \"matrix\"")) {
      $0.tensors[1].shape = [64, 4]
    },
    WrongFile("an offset beyond the file", .ends("the tensor \"matrix\"")) {
      $0.tensors[1].offset = 1 << 40
    },
    WrongFile("an offset that overflows", .ends("the tensor \"matrix\"")) {
      $0.tensors[1].offset = .max - 31
    },
    WrongFile("an offset between", .tensor("matrix", "is not aligned to 32 bytes")) {
      $0.tensors[1].offset = 8
    },
    WrongFile("two tensors in one place", .overlap("matrix", "norm")) {
      $0.tensors[0].offset = 32
      $0.tensors[1].offset = 0
      $0.tensors[0].data += Array(repeating: 0, count: 64)
    },
  ]

  @Test func `a file that is cut short anywhere is refused`() {
    let bytes = GGUFWriter.small.bytes
    // The last bytes pad the last tensor.
    for count in 0..<(bytes.count - 24) {
      #expect(throws: GGUFError.self, "\(count)") {
        try GGUFFile(bytes: Array(bytes.prefix(count)))
      }
    }
  }

  @Test func `a type that is not computed matters to who asks for the tensor`() throws {
    var writer = GGUFWriter.small
    writer.tensors[1].code = 13
    let file = try GGUFFile(bytes: writer.bytes)
    #expect(file.unknown == ["matrix": 13])
    #expect(try file.tensor("norm").rows == 1)
    let error = #expect(throws: GGUFError.self) { try file.tensor("matrix") }
    #expect(error?.fault == .type(tensor: "matrix", code: 13))
    #expect(error?.description.contains("is in Q5_K (code 13)") == true)
    #expect(
      #expect(throws: GGUFError.self) { try file.tensor("none") }?.fault == .noTensor("none")
    )
  }

  @Test func `a name from the file is printed on one line and short`() throws {
    let name = "\n\u{1B}[2J" + String(repeating: "n", count: 300)
    var writer = GGUFWriter.small
    writer.keys.append((name, GGUFWriter.Value(kind: 77, bytes: [])))
    let error = try #require(
      #expect(throws: GGUFError.self) { try GGUFFile(bytes: writer.bytes) }
    )
    #expect(error.description.contains("\"\\u{a}\\u{1b}[2Jnnn"))
    #expect(error.description.utf8.count < 400)
  }
}
