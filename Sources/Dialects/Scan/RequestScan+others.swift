extension RequestScan {
  mutating func readAnthropic(_ root: JSON) throws(RequestError) {
    maxTokens = try count(root, "max_tokens")
    includesUsage = true
    guard let messages = root["messages"], messages.isArray else {
      throw .invalid(path: "messages", why: "must be an array")
    }
    for message in messages.elements { readBlocks(message["content"]) }
    readBlocks(root["system"])
    for tool in root["tools"]?.elements ?? JSONElements.none {
      features.hasTools = true
      if let type = tool.present("type"), !type.equals("custom") {
        features.hasProviderTools = true
      }
    }
    if root.present("mcp_servers") != nil { features.hasProviderTools = true }
    if root.present("container") != nil { features.refersToStored = true }
    if let thinking = root["thinking"]?["type"], !thinking.equals("disabled") {
      features.wantsReasoning = true
    }
    let format = root["output_config"]?.present("format") ?? root.present("output_format")
    if format != nil {
      features.wantsJSON = true
      features.wantsSchema = true
    }
  }

  /// Blocks of content, and the blocks within the results of tools and within documents.
  private mutating func readBlocks(_ content: JSON?, depth: Int = 0) {
    guard depth < 4 else { return }
    for block in content?.elements ?? JSONElements.none {
      guard let type = block["type"] else { continue }
      let source = block["source"]
      if type.equals("image") {
        features.images += 1
      } else if type.equals("document") {
        features.files += 1
        readBlocks(source?["content"], depth: depth + 1)
      } else if type.equals("tool_result") {
        readBlocks(block["content"], depth: depth + 1)
      } else if type.equals("container_upload") {
        features.refersToStored = true
      }
      guard let kind = source?["type"] else { continue }
      if kind.equals("base64") { readMedia(source?["data"]) }
      if kind.equals("file") || kind.equals("url") && type.equals("document") {
        features.refersToStored = true
      }
    }
  }

  mutating func readOllama(_ root: JSON) throws(RequestError) {
    if let options = root.present("options"), let asked = options.present("num_predict") {
      // Negative ones mean no bound of the client's own.
      guard let count = asked.int, count <= 1 << 40 else {
        throw .invalid(path: "options.num_predict", why: "must be a whole number")
      }
      maxTokens = count < 0 ? nil : count
    }
    includesUsage = true
    if dialect == .ollamaChat {
      guard let messages = root["messages"] else {
        throw .invalid(path: "messages", why: "is missing")
      }
      for message in messages.elements { readImages(message["images"]) }
    } else {
      readImages(root["images"])
      if root.present("context") != nil { features.refersToStored = true }
    }
    for _ in root["tools"]?.elements ?? JSONElements.none { features.hasTools = true }
    if let format = root.present("format") {
      features.wantsJSON = format.isObject || format.equals("json")
      features.wantsSchema = format.isObject
    }
    if let think = root.present("think"), think.bool != false { features.wantsReasoning = true }
  }

  private mutating func readImages(_ images: JSON?) {
    for image in images?.elements ?? JSONElements.none {
      features.images += 1
      features.mediaBytes += image.stringLength ?? 0
    }
  }
}
