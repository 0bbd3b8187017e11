/// How a family of models marks its thinking and its calls of tools in what it writes.
package struct ChatMarkup: Sendable, Equatable {
  /// What thinking stands between.
  package var thinking: (begin: String, end: String)?
  /// What begins a call of a tool, and what ends it; an end of nothing: the end of the answer.
  package var call: (begin: String, end: String)?
  /// The name of a call's arguments in its JSON.
  package var argumentsName = "arguments"
  /// The template itself has begun the thinking: an answer starts inside.
  package var startsThinking = false

  package init() {}

  /// What a template's own text says of its model. Without a template: plain text.
  package init(template source: String) {
    if source.contains("</think>") { thinking = ("<think>", "</think>") }
    if source.contains("<tool_call>") {
      call = ("<tool_call>", "</tool_call>")
    } else if source.contains("[TOOL_CALLS]") {
      call = ("[TOOL_CALLS]", "")
    } else if source.contains("<|python_tag|>") || source.contains("\"parameters\": ") {
      // Llama 3 writes the bare object; what begins with it is a call.
      call = ("{\"name\":", "")
      argumentsName = "parameters"
    }
  }

  package static func == (one: Self, other: Self) -> Bool {
    one.thinking?.begin == other.thinking?.begin && one.thinking?.end == other.thinking?.end
      && one.call?.begin == other.call?.begin && one.call?.end == other.call?.end
      && one.argumentsName == other.argumentsName && one.startsThinking == other.startsThinking
  }

  /// The template of models that bring none: ChatML. Such a model was most likely not trained on it, and
  /// whoever serves it should say so.
  package static let fallback = """
    {%- for message in messages -%}
    {{ '<|im_start|>' + message.role + '\\n' + (message.content or '') + '<|im_end|>\\n' }}
    {%- endfor -%}
    {%- if add_generation_prompt -%}{{ '<|im_start|>assistant\\n' }}{%- endif -%}
    """
}
