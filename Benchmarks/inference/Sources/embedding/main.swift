// Our side of ../../embedding/compare.py.
//
//   embedding MODEL VOCABULARY TEXTS OUT   a text a line; ids and vectors, and the CPU seconds on a line

import Foundation
import Inference

let arguments = CommandLine.arguments
guard arguments.count >= 5 else { exit(2) }

func cpu() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
  return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
}

let begin = cpu()
var options = SentenceEncoder.Options()
if arguments.count > 5 { options.batch = Int(arguments[5]) ?? options.batch }
let encoder = try SentenceEncoder(
  modelPath: arguments[1],
  vocabularyPath: arguments[2],
  options: options
)
let loaded = cpu() - begin
let texts = try String(contentsOfFile: arguments[3], encoding: .utf8).split(separator: "\n")
  .map { String($0) }
_ = encoder.embed(Array(texts.prefix(20)))
let start = cpu()
let vectors = encoder.embed(texts)
let seconds = cpu() - start
var output = Data()
for (text, vector) in zip(texts, vectors) {
  let ids = encoder.tokens(of: text)
  withUnsafeBytes(of: Int32(ids.count)) { output.append(contentsOf: $0) }
  ids.withUnsafeBytes { output.append(contentsOf: $0) }
  vector.withUnsafeBytes { output.append(contentsOf: $0) }
}
try output.write(to: URL(filePath: arguments[4]))
print(seconds, texts.count, loaded)
