/// How the numbers of a tensor lie in a file, with the codes of GGUF.
///
/// Numbers come in blocks along a row. A row is a whole count of blocks. Layouts as in ggml
/// (`ggml-common.h` of llama.cpp 4df29be); `q40` is what they write as Q4_0.
package enum TensorType: UInt32, Sendable, CaseIterable {
  case f32 = 0
  case f16 = 1
  case q40 = 2
  case q41 = 3
  case q80 = 8
  case q4K = 12
  case q6K = 14
  case bf16 = 30
  case tq20 = 35
  case q10 = 41
  case q20 = 42

  /// Numbers a block.
  package var blockLength: Int {
    switch self {
    case .f32, .f16, .bf16: 1
    case .q40, .q41, .q80: 32
    case .q20: 64
    case .q10: 128
    case .q4K, .q6K, .tq20: 256
    }
  }

  /// Bytes a block.
  package var blockSize: Int {
    switch self {
    case .f32: 4
    case .f16, .bf16: 2
    case .q40, .q10, .q20: 18
    case .q41: 20
    case .q80: 34
    case .q4K: 144
    case .q6K: 210
    case .tq20: 66
    }
  }

  /// As GGUF's tools write it.
  package var name: String {
    switch self {
    case .f32: "F32"
    case .f16: "F16"
    case .q40: "Q4_0"
    case .q41: "Q4_1"
    case .q80: "Q8_0"
    case .q4K: "Q4_K"
    case .q6K: "Q6_K"
    case .bf16: "BF16"
    case .tq20: "TQ2_0"
    case .q10: "Q1_0"
    case .q20: "Q2_0"
    }
  }
}
