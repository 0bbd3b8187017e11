// Our side of ../../tokens/compare.py: tokens of texts, and how long they take.
//
//   tokens VOCABULARY TEXTS OUT [PARSE]   each text and each answer is preceded by its count, 32 bits

import Foundation
import Inference

let arguments = CommandLine.arguments
guard arguments.count >= 4 else { exit(2) }

func cpu() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
  return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
}

let begin = cpu()
let tokenizer = try Tokenizer(gguf: GGUFFile(path: arguments[1]))
let loaded = cpu() - begin
let input = try Data(contentsOf: URL(filePath: arguments[2]))
var output = Data()
var seconds = 0.0
var bytes = 0
var offset = 0
while offset + 4 <= input.count {
  let length = input[offset..<offset + 4].withUnsafeBytes { Int($0.loadUnaligned(as: Int32.self)) }
  let text = String(decoding: input[offset + 4..<offset + 4 + length], as: UTF8.self)
  offset += 4 + length
  let start = cpu()
  let ids = tokenizer.encode(text, addSpecial: false, parseSpecial: arguments.count > 4)
  seconds += cpu() - start
  bytes += length
  withUnsafeBytes(of: Int32(ids.count)) { output.append(contentsOf: $0) }
  ids.withUnsafeBytes { output.append(contentsOf: $0) }
}
try output.write(to: URL(filePath: arguments[3]))
print(seconds, bytes, loaded)
