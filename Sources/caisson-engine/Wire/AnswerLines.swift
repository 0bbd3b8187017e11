import Dialects
import Inference

/// What an answer is written as: lines of Ollama's, with what its engine says in them.
struct AnswerLines {
  let name: String
  let isGenerate: Bool

  /// A part of an answer.
  struct Delta {
    var words = ""
    var thoughts = ""
    var calls: [ToolCall] = []
    var logprobs: [TokenShare] = []

    var isEmpty: Bool {
      words.isEmpty && thoughts.isEmpty && calls.isEmpty && logprobs.isEmpty
    }
  }

  /// A token, what the model gave it, and what it would have liked beside it.
  struct TokenShare {
    let bytes: [UInt8]
    let logprob: Float
    var others: [TokenShare] = []
  }

  /// How an answer ended.
  struct End {
    let reason: String
    var promptTokens = 0
    var reusedTokens = 0
    var tokens = 0
    /// In seconds.
    var loading = 0.0
    var prompt = 0.0
    var writing = 0.0
    var total = 0.0
  }

  func line(_ delta: Delta) -> [UInt8] {
    JSONWriter.object { json in
      head(&json)
      content(delta, &json)
      json.bool("done", false)
    }
  }

  /// The last line, or the only one: with all that was said, where nothing was before.
  func end(_ end: End, whole delta: Delta = Delta()) -> [UInt8] {
    JSONWriter.object { json in
      head(&json)
      content(delta, &json)
      json.bool("done", true)
      json.string("done_reason", end.reason)
      json.int("total_duration", Self.nanoseconds(end.total))
      json.int("load_duration", Self.nanoseconds(end.loading))
      json.int("prompt_eval_count", end.promptTokens)
      json.int("prompt_eval_cached", end.reusedTokens)
      json.int("prompt_eval_duration", Self.nanoseconds(end.prompt))
      json.int("eval_count", end.tokens)
      json.int("eval_duration", Self.nanoseconds(end.writing))
    }
  }

  private func head(_ json: inout JSONWriter) {
    json.string("model", name)
    json.string("created_at", Moment.now())
  }

  private func content(_ delta: Delta, _ json: inout JSONWriter) {
    if isGenerate {
      json.string("response", delta.words)
      if !delta.thoughts.isEmpty { json.string("thinking", delta.thoughts) }
    } else {
      json.object("message") { json in
        json.string("role", "assistant")
        json.string("content", delta.words)
        if !delta.thoughts.isEmpty { json.string("thinking", delta.thoughts) }
        guard !delta.calls.isEmpty else { return }
        json.array("tool_calls") { array in
          for call in delta.calls {
            array.object { json in
              json.string("id", call.id)
              json.object("function") {
                $0.string("name", call.name)
                $0.raw(
                  "arguments",
                  (try? RawJSON(parsing: call.arguments)) ?? RawJSON.emptyObject
                )
              }
            }
          }
        }
      }
    }
    guard !delta.logprobs.isEmpty else { return }
    json.array("logprobs") { array in
      for share in delta.logprobs {
        array.object { json in
          Self.write(share, &json)
          json.array("top_logprobs") { array in
            for other in share.others { array.object { Self.write(other, &$0) } }
          }
        }
      }
    }
  }

  private static func write(_ share: TokenShare, _ json: inout JSONWriter) {
    json.string("token", String(decoding: share.bytes, as: UTF8.self))
    // What is no number cannot be written as one.
    let logprob = share.logprob.isFinite ? share.logprob : -9999
    json.raw("logprob", (try? RawJSON(parsing: "\(logprob)")) ?? RawJSON.emptyObject)
    json.array("bytes") { array in for byte in share.bytes { array.int(Int(byte)) } }
  }

  /// Clients divide by durations: none is zero.
  private static func nanoseconds(_ seconds: Double) -> Int {
    max(1, Int(min(max(seconds, 0), 1e9) * 1e9))
  }
}
