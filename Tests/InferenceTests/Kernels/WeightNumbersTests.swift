import CKernels
import Testing

@testable import Inference

@Suite struct WeightNumbersTests {
  /// Blocks of each type and FNV-1a over the bytes of their numbers, from ggml's `to_float`
  /// (llama.cpp 4df29be) and, but for Q1_0 and Q2_0 which it lacks, the same from gguf-py.
  static let known: [(type: TensorType, hex: String, hash: UInt64)] = [
    (.f16, "003e0180ff7b1004", 0xfea189d4a8e93215),
    (.q40, "c0a88bfa65d33062872dd9ab2fb9d180e330", 0x35ae23cb02c028db),
    (.q41, "c02800b466b8f9630eb97ddc9bb63d2d653b899f", 0xa9fb5e0b1ab9c03),
    (
      .q80, "c0a8f772466b06605608aa9cbfc1c79440fa1b5ed8cb31e17d2de4e4c227daf19bd1",
      0x33b85fbd179ed428
    ),
    (
      .q4K,
      "c02800b4f958090b3f80b86083e7a882d2d7f889f3f5fb48c1fe9cefa5bb53c088a3cbf9509403e6"
        + "1d5d0f39bdb9fe1f624f8907d8fb26f07633bdb94a7ca24913313517f4ec230f412a5287e7ff0a46"
        + "60e1f5e1e48df42095ba92b8112a8d8f8cf2dce3be102b7f7a1058acbd101a6bddaf27503acc45ed"
        + "fd264125b30f5f4c5e904dc6727140d653a27b02c560a6c3",
      0x67810974ecba8255
    ),
    (
      .q6K,
      "e104cb4577be8b5e4c5444c4261f0614f11e3a33bc101e73d073962ff1271e56e03d395b190fd992"
        + "82e376676d8e0682a92f10b9bb3b730eb8aedf1ab0470f05ac22f801ed872c8b754340d65d7cc4db"
        + "f58a8146991062e5355a3701523d4dc9f2f8f06ec64fea05acd580a34492bdb972029c5a2ad0762d"
        + "63c2d2404b19f9baa8c78b22854315384f3a2c2c3f6eb3ad517d595e7340f5ea3845e964be4aaa86"
        + "228c001f0ff5e9a21f058c33c4ac34bf484bbdf0cf094d35e4bf0641f58724f43dcc6557e0a982b1"
        + "968be7177f01fd824c22",
      0xe7609a6f9d6b4a02
    ),
    (.bf16, "c03f80bf0100207f", 0x40edf6ea26a615d1),
    (
      .tq20,
      "8b9abf6f57012eb65eb35df471f3c4b73e2cdc1b68e089701cf78188b899dabd30d4538e1fa21d28"
        + "391fe0dc2e5a86b40020889eb1c6ce273a90fde4839e7b074c22",
      0x59bb2112ba73b440
    ),
    (.q10, "c0a896063686453c0fcc83fa6c238d59454e", 0xc50b33de11e359a5),
    (.q20, "c0a86fa7d6f3f9e7a5e8625a397147c872b4", 0xf6b520d3c98d8235),
  ]

  @Test(arguments: known.indices) func `numbers of a block are those that ggml reads`(at index: Int)
  {
    let (type, hex, hash) = Self.known[index]
    let bytes = Self.bytes(ofHex: hex)
    #expect(bytes.count % type.blockSize == 0)
    let numbers = type.numbersByKernel(bytes)
    #expect(numbers.count == bytes.count / type.blockSize * type.blockLength)
    var seen: UInt64 = 0xcbf2_9ce4_8422_2325
    for number in numbers {
      withUnsafeBytes(of: number.bitPattern.littleEndian) {
        for byte in $0 { seen = (seen ^ UInt64(byte)) &* 0x100_0000_01b3 }
      }
    }
    #expect(seen == hash)
  }

  @Test(arguments: TensorType.allCases) func `numbers are those of the plain twin`(type: TensorType)
  {
    var random = SplitMix(seed: 7)
    for _ in 0..<20 {
      let row = random.row(of: type, count: 768)
      #expect(type.numbersByKernel(row) == type.numbers(row))
    }
  }

  @Test(arguments: TensorType.allCases) func `blocks measure the same in C and in Swift`(
    type: TensorType
  ) {
    #expect(ck_block_length(Int32(type.rawValue)) == type.blockLength)
    #expect(ck_block_size(Int32(type.rawValue)) == type.blockSize)
  }

  @Test func `a type that is not known has no kernel`() {
    #expect(ck_matrix_kernel_for(99, ck_machine_level()) == nil)
    #expect(ck_block_size(99) == 0)
  }

  static func bytes(ofHex hex: String) -> [UInt8] {
    let digits = Array(hex.utf8).map { $0 < 58 ? $0 - 48 : $0 - 87 }
    return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
  }
}
