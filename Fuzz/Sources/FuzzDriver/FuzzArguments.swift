/// What every fuzzer is told: how many inputs, which, and on what.
package struct FuzzArguments {
  package private(set) var count: UInt64 = 100_000
  package private(set) var seed: UInt64 = 1
  /// The number of the first input.
  package private(set) var first: UInt64 = 0
  /// Whether each input is printed before it is tried.
  package private(set) var shows = false
  /// The values of the options that only this fuzzer knows.
  package private(set) var values: [String: String] = [:]
  /// What is no option.
  package private(set) var words: [String] = []

  /// `options` are those that are followed by a value, beside the ones that all have.
  package init(_ arguments: some Sequence<String>, options: Set<String> = []) {
    var arguments = ArraySlice(arguments)
    func number(_ value: UInt64) -> UInt64 { arguments.popFirst().flatMap { UInt64($0) } ?? value }
    while let argument = arguments.popFirst() {
      switch argument {
      case "--count": count = number(count)
      case "--seed": seed = number(seed)
      case "--first": first = number(first)
      case "--show": shows = true
      case let option where options.contains(option): values[option] = arguments.popFirst()
      default: words.append(argument)
      }
    }
  }

  /// The numbers of the inputs.
  package var indices: Range<UInt64> { first..<(first + count) }

  /// What the input of a number is made from.
  package func seed(of index: UInt64) -> UInt64 { seed &* 0x9E37_79B9 &+ index }
}
