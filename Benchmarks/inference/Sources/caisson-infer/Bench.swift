import Glibc

@testable import Inference

/// Tokens a second, as llama-bench counts them: a prompt from an empty cache, and single tokens after
/// an empty one. One line of JSON.
func bench(_ arguments: [String]) throws {
  var numbers = ["--threads": 1, "--prompt": 512, "--generate": 128, "--repeat": 1]
  var index = 3
  while index + 1 < arguments.count {
    numbers[arguments[index]] = Int(arguments[index + 1])
    index += 2
  }
  let prompt = numbers["--prompt"] ?? 0
  let generate = numbers["--generate"] ?? 0
  let before = monotonicSeconds()
  let bare = try Bare(
    path: arguments[2],
    threads: numbers["--threads"] ?? 1,
    columns: numbers["--chunk"],
    outputs: 1,
    positions: max(prompt, generate, 1)
  )
  let chunk = bare.forward.columns
  let opened = monotonicSeconds()
  _ = bare.forward.step([Run(slot: 0, position: 0, tokens: [1], wanted: .last)])
  let first = monotonicSeconds()
  var random = RandomStream(seed: 1)
  let vocabulary = UInt64(bare.model.shape.vocabulary)
  let tokens = (0..<max(prompt, 1)).map { _ in Int32(random.next() % vocabulary) }
  var rates: (prompt: [Double], generate: [Double]) = ([], [])
  for _ in 0..<(numbers["--repeat"] ?? 1) {
    if prompt > 0 {
      let start = monotonicSeconds()
      for at in stride(from: 0, to: prompt, by: chunk) {
        let part = tokens[at..<min(prompt, at + chunk)]
        let wanted: Run.Wanted = at + chunk >= prompt ? .last : .none
        _ = bare.forward.step([Run(slot: 0, position: at, tokens: part, wanted: wanted)])
      }
      rates.prompt.append(Double(prompt) / (monotonicSeconds() - start))
    }
    if generate > 0 {
      let start = monotonicSeconds()
      for at in 0..<generate {
        let logits = bare.forward.step([
          Run(slot: 0, position: at, tokens: [Int32(random.next() % vocabulary)], wanted: .last)
        ])
        _ = bare.best(logits)
      }
      rates.generate.append(Double(generate) / (monotonicSeconds() - start))
    }
  }
  let keys = bare.cache.layout.positionSize * max(prompt, generate)
  var usage = rusage()
  getrusage(RUSAGE_SELF.rawValue, &usage)
  print(
    "{\"prompt\": \(rates.prompt), \"generate\": \(rates.generate), \"open\": \(opened - before),"
      + " \"first\": \(first - opened), \"peak\": \(usage.ru_maxrss * 1024),"
      + " \"cache\": \(keys)}"
  )
}
