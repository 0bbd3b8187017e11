extension RequestScan {
  mutating func readChat(_ root: JSON) throws(RequestError) {
    let asked = try count(root, "max_tokens", from: 1)
    maxTokens = try count(root, "max_completion_tokens", from: 1) ?? asked
    try readChoices(root)
    readStreamOptions(root)
    guard let messages = root["messages"], messages.isArray else {
      throw .invalid(path: "messages", why: "must be an array")
    }
    for message in messages.elements {
      for part in message["content"]?.elements ?? JSONElements.none { readPart(part) }
      if message.present("audio") != nil { features.refersToStored = true }
    }
    readTools(root["tools"])
    if root.present("functions") != nil { features.hasTools = true }
    if root.present("web_search_options") != nil { features.hasProviderTools = true }
    readFormat(root["response_format"])
    if let effort = root.present("reasoning_effort"), !effort.equals("none") {
      features.wantsReasoning = true
    }
    if let kinds = root["modalities"], kinds.elements.contains(where: { $0.equals("audio") }) {
      features.wantsAudio = true
    }
  }

  mutating func readResponses(_ root: JSON) throws(RequestError) {
    maxTokens = try count(root, "max_output_tokens", from: 1)
    includesUsage = true
    guard root.present("input") != nil || root.present("prompt") != nil else {
      throw .invalid(path: "input", why: "is missing")
    }
    for item in root["input"]?.elements ?? JSONElements.none {
      for part in item["content"]?.elements ?? JSONElements.none { readPart(part) }
      for part in item["output"]?.elements ?? JSONElements.none { readPart(part) }
      if item["type"]?.equals("item_reference") == true { features.refersToStored = true }
    }
    for key in ["previous_response_id", "conversation", "prompt"] as [StaticString]
    where root.present(key) != nil { features.refersToStored = true }
    readTools(root["tools"])
    readFormat(root["text"]?["format"])
    if let reasoning = root.present("reasoning"), reasoning["effort"]?.equals("none") != true {
      features.wantsReasoning = true
    }
  }

  mutating func readCompletions(_ root: JSON) throws(RequestError) {
    maxTokens = try count(root, "max_tokens")
    try readChoices(root)
    // Each of several is written and paid, whichever is shown.
    if let best = try count(root, "best_of", from: 1) { choices = max(choices, best) }
    if let prompts = root["prompt"], prompts.isArray,
      prompts.elements.contains(where: { $0.kind == .string || $0.isArray })
    {
      let (total, overflow) = choices.multipliedReportingOverflow(
        by: prompts.elements.reduce(0) { count, _ in count + 1 }
      )
      choices = overflow ? .max : total
    }
    readStreamOptions(root)
  }

  private mutating func readChoices(_ root: JSON) throws(RequestError) {
    guard let asked = try count(root, "n", from: 1) else { return }
    guard asked <= 1024 else { throw .invalid(path: "n", why: "must be at most 1024") }
    choices = asked
  }

  private mutating func readStreamOptions(_ root: JSON) {
    includesUsage = root["stream_options"]?["include_usage"]?.bool == true
  }

  private mutating func readPart(_ part: JSON) {
    guard let type = part["type"] else { return }
    if type.equals("image_url") {
      features.images += 1
      readMedia(part["image_url"]?["url"] ?? part["image_url"])
    } else if type.equals("input_image") {
      features.images += 1
      readMedia(part["image_url"])
      if part.present("file_id") != nil { features.refersToStored = true }
    } else if type.equals("input_audio") {
      features.audios += 1
      features.mediaBytes += part["input_audio"]?["data"]?.stringLength ?? 0
    } else if type.equals("file") || type.equals("input_file") {
      features.files += 1
      let file = part["file"] ?? part
      readMedia(file["file_data"])
      if file.present("file_id") != nil || file.present("file_url") != nil {
        features.refersToStored = true
      }
    }
  }

  /// Media in the body is counted apart from text; an address is as long as it is.
  mutating func readMedia(_ value: JSON?) {
    guard let value, let length = value.stringLength, length > 512 else { return }
    features.mediaBytes += length
  }

  private mutating func readTools(_ tools: JSON?) {
    for tool in tools?.elements ?? JSONElements.none {
      features.hasTools = true
      let isOwn = tool["type"].map { $0.equals("function") || $0.equals("custom") } ?? true
      if !isOwn { features.hasProviderTools = true }
    }
  }

  private mutating func readFormat(_ format: JSON?) {
    guard let type = format?["type"] else { return }
    if type.equals("json_object") { features.wantsJSON = true }
    if type.equals("json_schema") {
      features.wantsJSON = true
      features.wantsSchema = true
    }
  }
}
