import Testing

@testable import Inference

@Suite struct SafetensorsFileTests {
  private static func file(_ header: String, data: Int = 0, length: UInt64? = nil) -> [UInt8] {
    little(length ?? UInt64(header.utf8.count)) + Array(header.utf8)
      + (0..<data).map { UInt8(truncatingIfNeeded: $0) }
  }

  @Test(.enabled(if: RealFiles.minilm != nil, "MiniLM is not fetched"))
  func `MiniLM is what it is known to be`() throws {
    let file = try SafetensorsFile(path: #require(RealFiles.minilm))
    #expect(file.metadata == ["format": "pt"])
    #expect(file.tensors.count == 103 && file.unknown == ["embeddings.position_ids": "I64"])
    let words = try file.tensor("embeddings.word_embeddings.weight")
    #expect(words.type == .f32 && words.shape == [30_522, 384])
    #expect(words.bytes.count == 30_522 * 384 * 4)
    let error = #expect(throws: SafetensorsError.self) {
      try file.tensor("embeddings.position_ids")
    }
    #expect(error?.description.contains("is in I64") == true)
  }

  @Test func `tensors are read as they were written, in any order and spelling`() throws {
    let bytes = Self.file(
      """
      { "__metadata__" : {"a\\n\\u00e4\\ud83d\\ude00" : "b"}, "second":{"shape":[],"dtype":"F16",\t
      "data_offsets":[8 , 10]},"first\\/":{"dtype":"BF16","shape":[2,2],"data_offsets":[0,8]},
      "none":{"dtype":"F32","shape":[4,0],"data_offsets":[8,8]},
      "odd":{"dtype":"F4","shape":[4],"data_offsets":[10,12]}}      
      """,
      data: 12
    )
    let file = try SafetensorsFile(bytes: bytes)
    #expect(file.metadata == ["a\nä😀": "b"])
    #expect(try Array(file.tensor("first/").bytes) == Array(0..<8))
    #expect(try file.tensor("first/").type == .bf16)
    #expect(try Array(file.tensor("second").bytes) == [8, 9])
    #expect(try file.tensor("none").bytes.isEmpty)
    #expect(file.unknown == ["odd": "F4"])
  }

  /// One tensor of four bytes, with a field of it replaced.
  private static func tensor(
    dtype: String = #""F32""#,
    shape: String = "[1]",
    places: String = "[0,4]",
    more: String = ""
  ) -> String {
    #"{"t":{"dtype":\#(dtype),"shape":\#(shape),"data_offsets":\#(places)\#(more)}}"#
  }

  static let wrong: [String: [UInt8]] = [
    "nothing": [],
    "no header": little(UInt64(0)),
    "half a length": [1, 2, 3],
    "a header beyond the file": file(tensor(), data: 4, length: 1000),
    "a header without end": file(tensor(), data: 4, length: .max),
    "white space first": file(" " + tensor(), data: 4),
    "a list": file("[]"),
    "no end": file(#"{"t":{"dtype":"F32""#),
    "text behind": file(tensor() + "x", data: 4),
    "a comma too many": file(#"{"__metadata__":{},}"#),
    "a name twice": file(
      #"{"t":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},"#
        + #""t":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}"#
    ),
    "metadata twice": file(#"{"__metadata__":{},"__metadata__":{}}"#),
    "a key of metadata twice": file(#"{"__metadata__":{"a":"","a":""}}"#),
    "metadata that is no text": file(#"{"__metadata__":{"a":1}}"#),
    "no dtype": file(#"{"t":{"shape":[1],"data_offsets":[0,4]}}"#, data: 4),
    "no shape": file(#"{"t":{"dtype":"F32","data_offsets":[0,4]}}"#, data: 4),
    "no places": file(#"{"t":{"dtype":"F32","shape":[1]}}"#, data: 4),
    "another field": file(tensor(more: #","x":1"#), data: 4),
    "a field twice": file(tensor(more: #","shape":[1]"#), data: 4),
    "a dtype that is no text": file(tensor(dtype: "1"), data: 4),
    "a negative length": file(tensor(shape: "[-1]"), data: 4),
    "a fraction": file(tensor(shape: "[1.0]"), data: 4),
    "an exponent": file(tensor(shape: "[1e0]"), data: 4),
    "a leading zero": file(tensor(shape: "[01]"), data: 4),
    "a length that overflows": file(tensor(shape: "[9223372036854775808]"), data: 4),
    "a product that overflows": file(tensor(shape: "[4294967296,4294967296]"), data: 4),
    "nothing of what cannot be counted": file(
      tensor(shape: "[4294967296,4294967296,0]", places: "[0,0]")
    ),
    "nine dimensions": file(tensor(shape: "[1,1,1,1,1,1,1,1,1]"), data: 4),
    "one place": file(tensor(places: "[0]"), data: 4),
    "three places": file(tensor(places: "[0,4,4]"), data: 4),
    "places in the wrong order": file(tensor(places: "[4,0]"), data: 4),
    "a place beyond the file": file(tensor(places: "[4,8]"), data: 4),
    "too short for its shape": file(tensor(shape: "[2]"), data: 4),
    "too long for its shape": file(tensor(shape: "[0]"), data: 4),
    "bytes before": file(tensor(places: "[4,8]"), data: 8),
    "bytes behind": file(tensor(), data: 5),
    "an overlap": file(
      #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"#
        + #""b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}"#,
      data: 12
    ),
    "a hole": file(
      #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"#
        + #""b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}"#,
      data: 12
    ),
    "half a pair": file(#"{"__metadata__":{"\ud83d":""}}"#),
    "the wrong half": file(#"{"__metadata__":{"\ud83d\u0041":""}}"#),
    "an unknown escape": file(#"{"__metadata__":{"\x":""}}"#),
    "an escape cut short": file(#"{"__metadata__":{"\u12"#),
    "a line in a text": file("{\"__metadata__\":{\"\n\":\"\"}}"),
    "no UTF-8": little(UInt64(5)) + Array("{\"".utf8) + [0xFF] + Array("\":".utf8),
  ]

  @Test(arguments: wrong.keys.sorted()) func `what the format forbids is refused`(
    _ name: String
  ) throws {
    let bytes = try #require(Self.wrong[name])
    let error = #expect(throws: SafetensorsError.self) { try SafetensorsFile(bytes: bytes) }
    #expect(error?.description.contains("\n") == false)
  }

  @Test func `a file that is cut short anywhere is refused`() throws {
    let whole = Self.file(Self.tensor(), data: 4)
    _ = try SafetensorsFile(bytes: whole)
    for count in whole.indices {
      #expect(throws: SafetensorsError.self) {
        try SafetensorsFile(bytes: Array(whole.prefix(count)))
      }
    }
  }
}
