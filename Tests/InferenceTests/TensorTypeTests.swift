import Testing

@testable import Inference

@Suite struct TensorTypeTests {
  @Test func `a number takes the bits that its type is known for`() {
    let bits = TensorType.allCases.map {
      Double($0.blockSize * 8) / Double($0.blockLength)
    }
    #expect(bits == [32, 16, 4.5, 5, 8.5, 4.5, 6.5625, 16, 2.0625, 1.125, 2.25])
  }
}
