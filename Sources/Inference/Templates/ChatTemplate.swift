import Glibc

/// The chat template of a model: turns a conversation into the text that the model was trained on.
///
/// The subset of Jinja that templates in GGUF files use, with the settings of Hugging Face's
/// `apply_chat_template`; where they are Python, so is this: strings of code points, `str` and `repr`,
/// `json.dumps`. Rendering is bounded in work, memory and depth (`TemplateLimits`).
package struct ChatTemplate: Sendable {
  private let body: [TemplateNode]
  private let names: [String]
  private let limits: TemplateLimits

  package init(source: String, limits: TemplateLimits = TemplateLimits()) throws(TemplateError) {
    (body, names) = try TemplateParser.parse(Array(source.utf8), limits: limits)
    self.limits = limits
  }

  /// The prompt for these variables: `messages`, `tools`, `add_generation_prompt`, `bos_token`, …
  ///
  /// - Parameter moment: what a template gets that asks for the date; now, by the local clock, when nil.
  package func render(
    _ variables: TemplateDictionary,
    moment: TemplateMoment? = nil
  ) throws(TemplateError) -> String {
    let interpreter = TemplateInterpreter(
      names: names,
      context: variables,
      moment: moment ?? TemplateMoment(local: time(nil)),
      limits: limits
    )
    return String(decoding: try interpreter.run(body), as: UTF8.self)
  }

  /// Whether the template reads a variable at all, such as `tools` or `enable_thinking`.
  package func reads(_ variable: String) -> Bool { names.contains(variable) }
}
