// Writes documents under schemas with a seeded writer that takes any allowed token of a vocabulary, and
// says what the masks cost.
//
//     Grammar SCHEMAS.json VOCABULARY.gguf DOCUMENTS [SEED] > documents.jsonl

import Glibc
import Inference

func now() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return Double(time.tv_sec) * 1e3 + Double(time.tv_nsec) / 1e6
}

func say(_ text: String) {
  let line = Array((text + "\n").utf8)
  _ = write(2, line, line.count)
}

struct Numbers: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
    return value ^ value >> 31
  }
}

let arguments = CommandLine.arguments
guard arguments.count > 3, let wanted = Int(arguments[3]) else {
  say("usage: Grammar SCHEMAS.json VOCABULARY.gguf DOCUMENTS [SEED]")
  exit(2)
}
let file = try MappedFile(path: arguments[1])
guard case .list(let entries) = try JSONReader.read(file.bytes) else { exit(2) }
let tokenizer = try Tokenizer(gguf: GGUFFile(path: arguments[2]))
var began = now()
let vocabulary = GrammarVocabulary(tokenizer)
say("vocabulary of \(vocabulary.count) tokens prepared in \(Int(now() - began)) ms")
let closers = (0..<Int32(vocabulary.count)).filter {
  let bytes = vocabulary.bytes(of: $0)
  return bytes.count == 1 && "\"}]0:5".utf8.contains(bytes[0])
}
var random = Numbers(state: UInt64(arguments.count > 4 ? arguments[4] : "1") ?? 1)
var all: [Double] = []
var advances = 0.0
var written = 0
var unfinished = 0
let each = (wanted + entries.count - 1) / entries.count
for entry in entries {
  guard let schema = entry["schema"], let name = entry["name"]?.string else { continue }
  began = now()
  let grammar = try Grammar(schema: schema)
  let compiled = now() - began
  let masks = GrammarMasks(grammar: grammar, vocabulary: vocabulary)
  var costs: [Double] = []
  for _ in 0..<each {
    var state = GrammarState(grammar)
    var bytes: [UInt8] = []
    var isDone = false
    for step in 0..<5000 {
      let start = now()
      let mask = masks.mask(state)
      costs.append(now() - start)
      let mayEnd = vocabulary.ends.contains { mask[Int($0)] }
      if mayEnd, state.isFinished || step > 150 || random.next() % 4 == 0 {
        isDone = true
        break
      }
      var choices = closers.filter { mask[Int($0)] }
      if choices.isEmpty || (step < 150 && random.next() % 6 != 0) {
        choices = []
        for (place, word) in mask.words.enumerated() {
          var rest = word
          while rest != 0 {
            let token = Int32(place * 64 + rest.trailingZeroBitCount)
            if !vocabulary.ends.contains(token) { choices.append(token) }
            rest &= rest - 1
          }
        }
      }
      if choices.isEmpty {
        isDone = mayEnd
        break
      }
      let token = choices[Int(random.next() % UInt64(choices.count))]
      let text = vocabulary.bytes(of: token)
      let before = now()
      guard state.advance(text) else { fatalError("a token of the mask does not fit: \(name)") }
      advances += now() - before
      bytes += text
    }
    if isDone {
      written += 1
      let line = JSONValue.object([
        JSONMember(name: "schema", value: .text(name)),
        JSONMember(name: "text", value: .text(String(decoding: bytes, as: UTF8.self))),
      ])
      print(String(decoding: line.written, as: UTF8.self))
    } else {
      unfinished += 1
      say("NOT FINISHED \(name): \(String(decoding: bytes.prefix(300), as: UTF8.self))")
    }
  }
  all += costs
  costs.sort()
  func ms(_ value: Double) -> Double { (value * 1000).rounded() / 1000 }
  say(
    "\(name): compiled in \(ms(compiled)) ms; \(costs.count) masks, median "
      + "\(ms(costs[costs.count / 2])), p95 \(ms(costs[costs.count * 95 / 100])), largest "
      + "\(ms(costs.last ?? 0)) ms"
  )
}
all.sort()
say(
  "documents \(written), unfinished \(unfinished); masks \(all.count): median "
    + "\(all[all.count / 2]) ms, p90 \(all[all.count * 9 / 10]), p99 \(all[all.count * 99 / 100]), "
    + "mean \(all.reduce(0, +) / Double(all.count)); advance mean \(advances / Double(all.count)) ms"
)
