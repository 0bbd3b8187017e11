import Glibc
@testable import Inference

// caisson-infer greedy MODEL COUNT          < lines of token ids   > lines of token ids
// caisson-infer logits MODEL OUT.bin        < one line of token ids
// caisson-infer steps MODEL OUT.bin         < one line of token ids
// caisson-infer bench MODEL [--threads N] [--prompt N] [--generate N] [--repeat N]
let arguments = CommandLine.arguments
guard arguments.count >= 3 else {
  complain("usage: caisson-infer greedy|logits|steps|bench MODEL …")
  exit(2)
}
do {
  switch arguments[1] {
  case "greedy": try compareGreedy(arguments)
  case "logits": try compareLogits(arguments)
  case "steps": try writeSteps(arguments)
  case "bench": try bench(arguments)
  default:
    complain("no command '\(arguments[1])'")
    exit(2)
  }
} catch {
  complain("\(error)")
  exit(1)
}
