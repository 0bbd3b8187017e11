import Dialects

/// Messages as OpenAI's chat dialect has them, which the gateway translates for every other.
enum Message {
  static func system(_ text: String) -> RawJSON { plain("system", text) }
  static func user(_ text: String) -> RawJSON { plain("user", text) }

  /// An answer of the model in words of our own, where its own cannot be sent again.
  static func assistant(_ answer: ModelAnswer) -> RawJSON {
    RawJSON { writer in
      writer.object { message in
        message.string("role", "assistant")
        message.string("content", answer.text)
        guard !answer.calls.isEmpty else { return }
        message.array("tool_calls") { list in
          for call in answer.calls {
            list.object { item in
              item.string("id", call.id)
              item.string("type", "function")
              item.object("function") { function in
                function.string("name", call.name)
                function.string("arguments", call.arguments)
              }
            }
          }
        }
      }
    }
  }

  static func tool(_ text: String, answering call: String) -> RawJSON {
    RawJSON { writer in
      writer.object { message in
        message.string("role", "tool")
        message.string("tool_call_id", call)
        message.string("content", text)
      }
    }
  }

  private static func plain(_ role: String, _ text: String) -> RawJSON {
    RawJSON { writer in
      writer.object { message in
        message.string("role", role)
        message.string("content", text)
      }
    }
  }
}
