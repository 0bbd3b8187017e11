import Glibc

/// Feeds inputs to one subject after the other, until one traps, hangs or breaks a rule, or the count
/// is reached.
package struct FuzzDriver {
  package enum Verdict {
    case refused
    case taken
    case broken(String)
  }

  /// An input, and what is tried with it once it has been shown.
  package struct Trial {
    let label: String
    let input: [UInt8]
    let judge: () -> Verdict

    package init(_ input: [UInt8], label: String = "", judge: @escaping () -> Verdict) {
      self.label = label
      self.input = input
      self.judge = judge
    }
  }

  private let arguments: FuzzArguments
  private let text: ([UInt8]) -> String

  /// `text` is how an input is printed.
  package init(_ arguments: FuzzArguments, text: @escaping ([UInt8]) -> String) {
    self.arguments = arguments
    self.text = text
  }

  /// Tries what `trial` makes from each seed; ends the process where a rule is broken.
  package func run(_ subject: String, _ trial: (_ seed: UInt64) -> Trial) {
    let clock = ContinuousClock()
    let start = clock.now
    var taken: UInt64 = 0
    for index in arguments.indices {
      if index % 1024 == 0 { alarm(10) }
      let trial = trial(arguments.seed(of: index))
      if arguments.shows { print(index, trial.label, text(trial.input)) }
      switch trial.judge() {
      case .refused: break
      case .taken: taken += 1
      case .broken(let rule):
        print("\(subject): input \(index) of seed \(arguments.seed): \(rule)\n\(text(trial.input))")
        exit(1)
      }
    }
    alarm(0)
    let seconds = (clock.now - start).components.seconds
    print(
      "\(subject): \(arguments.count) inputs of seed \(arguments.seed) in \(seconds) s, \(taken) taken,"
        + " no finding"
    )
    fflush(nil)
  }
}
