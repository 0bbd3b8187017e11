import Foundation
import SystemPackage
import Testing

/// Models of this machine at the gateway, asked by the clients that people use.
@Suite(
  .serialized,
  .enabled(
    if: LocalPlace.hasModel && LocalPlace.hasClients,
    Comment(rawValue: LocalPlace.whyClients)
  )
)
struct LocalClientTests {
  private let answer = "The capital of France is Paris."

  @Test func `every client has the answer, whole and as it comes, under each of its names`()
    async throws
  {
    let result = try await LocalGateway.run(
      """
      import anthropic
      a = anthropic.Anthropic(base_url=base, api_key=key, max_retries=0)
      result["models"] = [m.id for m in o.models.list().data]
      result["answers"] = [
        chat().choices[0].message.content, chat(model="cheap").choices[0].message.content,
        "".join(x.choices[0].delta.content or "" for x in chat(model="local/smollm2-135m", stream=True) if x.choices),
        a.messages.create(model="local", max_tokens=24, system=system, messages=asked).content[0].text,
        c.chat(model="local", messages=messages).message.content,
        "".join(x.message.content for x in c.chat(model="local:latest", messages=messages, stream=True)),
      ]
      with a.messages.stream(model="local", max_tokens=24, system=system, messages=asked) as stream:
        result["answers"].append("".join(stream.text_stream))
      result["raw"] = c.generate(model="local", prompt="The capital of France is", raw=True, options={"num_predict": 2}).response
      usage = chat().usage
      result["usage"] = [usage.prompt_tokens, usage.completion_tokens]
      result["bill"] = subprocess.run([caisson, "bill", "--json"], capture_output=True, text=True).stdout
      """
    )
    #expect(result["models"] as? [String] == ["local/smollm2-135m", "local", "cheap"])
    #expect(result["answers"] as? [String] == Array(repeating: answer, count: 7))
    #expect(result["raw"] as? String == " Paris.")
    #expect(result["usage"] as? [Int] == [27, 7])
    #expect(result["end"] as? Int == 0)
    #expect(result["sockets"] as? [String] == [], "what was started is gone, with its socket")
  }

  @Test func `schemas hold the answer, and logprobs are told, whole and as it comes`() async throws
  {
    let result = try await LocalGateway.run(
      """
      form = {"type": "json_schema", "json_schema": {"name": "place", "schema": schema}}
      result["openai"] = json.loads(chat(response_format=form, max_tokens=60).choices[0].message.content)
      result["ollama"] = json.loads(c.chat(model="local", messages=messages, format=schema, options={"num_predict": 60}).message.content)
      tokens = chat(logprobs=True, top_logprobs=2, max_tokens=5).choices[0].logprobs.content
      result["tokens"] = [t.token for t in tokens]
      result["likeliest"] = [t.top_logprobs[0].token for t in tokens]
      result["sane"] = all(t.logprob <= 0 and len(t.top_logprobs) == 2 for t in tokens)
      parts = [x.choices[0].logprobs.content for x in chat(logprobs=True, top_logprobs=2, max_tokens=5, stream=True) if x.choices and x.choices[0].logprobs]
      result["streamed"] = [t.token for part in parts for t in part]
      """
    )
    #expect((result["openai"] as? [String: Any])?.keys.sorted() == ["city"])
    #expect((result["ollama"] as? [String: Any])?["city"] is String)
    #expect(result["tokens"] as? [String] == ["The", " capital", " of", " France", " is"])
    #expect(result["likeliest"] as? [String] == result["tokens"] as? [String])
    #expect(result["sane"] as? Bool == true)
    #expect(result["streamed"] as? [String] == result["tokens"] as? [String])
  }

  @Test func `models stay as long as is said, and what does not fit is refused with numbers`()
    async throws
  {
    let result = try await LocalGateway.run(
      """
      def resident(): return [m.model for m in c.ps().models]
      def refusal(f):
        try: f(); return "none"
        except (openai.APIStatusError, ollama.ResponseError) as e: return f"{e.status_code} {e}"
      result["before"] = resident()
      c.chat(model="local", messages=messages, options={"num_predict": 1}, keep_alive=-1)
      result["during"] = resident()
      result["context"] = c.ps().models[0].context_length
      c.generate(model="local", prompt="", keep_alive=0)
      result["after"] = resident()
      words = [{"role": "user", "content": "word " * 600}]
      result["long"] = refusal(lambda: c.chat(model="local", messages=words, options={"num_ctx": 512}))
      result["seed"] = [refusal(lambda: chat(seed=s, max_tokens=1)) for s in [2**64 - 1, 2**64, -1]]
      result["empty"] = refusal(lambda: chat(messages=[]))
      result["plain"] = refusal(lambda: chat(model="smollm2-135m"))
      result["window"] = refusal(lambda: c.chat(model="local", messages=messages, options={"num_ctx": 9000}))
      result["room"] = refusal(lambda: chat())
      """,
      document: "version: 1\nengine: { memory: 512MiB, context: 512, parallel: 1, queue: 0 }\n"
    )
    #expect(result["before"] as? [String] == [])
    #expect(result["during"] as? [String] == ["local/smollm2-135m"])
    #expect(result["context"] as? Int == 512)
    #expect(result["after"] as? [String] == [])
    let long = try #require(result["long"] as? String)
    #expect(long.hasPrefix("400 ") || long.contains("has 631 tokens"), "\(long)")
    #expect(long.contains("holds 512"), "\(long)")
    let seeds = try #require(result["seed"] as? [String])
    #expect(seeds[0] == "none" && seeds[2] == "none", "\(seeds)")
    #expect(
      seeds[1].hasPrefix("400 ") && seeds[1].contains("seed: must be a whole number"),
      "\(seeds)"
    )
    #expect((result["empty"] as? String)?.hasPrefix("400 ") == true, "\(result)")
    let plain = try #require(result["plain"] as? String)
    #expect(
      plain.hasPrefix("404 ") && plain.contains("did you mean local/smollm2-135m"),
      "\(plain)"
    )
    #expect((result["window"] as? String)?.contains("9000") == true, "\(result)")
    #expect(result["room"] as? String == "none")
  }

  @Test func `a request beyond what waits is refused, and may come again`() async throws {
    let result = try await LocalGateway.run(
      """
      story = [{"role": "user", "content": "Write a long story about a dog."}]
      stream = chat(messages=story, max_tokens=1000, stream=True)
      next(iter(stream))
      try: chat(); result["refusal"] = "none"
      except openai.APIStatusError as e:
        result["refusal"] = str(e)
        result["status"] = [e.status_code, e.response.headers.get("retry-after")]
      stream.close()
      """,
      document: "version: 1\nrouting: { attempts: 1 }\nengine: { parallel: 1, queue: 0 }\n"
    )
    #expect((result["refusal"] as? String)?.contains("takes no more") == true, "\(result)")
    #expect((result["status"] as? [Any])?.first as? Int == 503, "\(result)")
    #expect((result["status"] as? [Any])?.last as? String == "1", "\(result)")
  }

  @Test func `where two do not fit, the one that nobody uses makes room`() async throws {
    let result = try await LocalGateway.run(
      """
      result["answers"] = [chat(model="local/" + name).choices[0].message.content for name in ["a", "b", "a"]]
      result["last"] = [m.model for m in c.ps().models]
      """,
      document: "version: 1\nengine: { memory: 200MiB, context: 512 }\n",
      importing: ["a": LocalPlace.model.string, "b": LocalPlace.model.string]
    )
    #expect((result["answers"] as? [String])?.count == 3)
    #expect(result["last"] as? [String] == ["local/a"])
  }

  @Test func `a model that is larger than the memory is refused with both sizes`() async throws {
    let result = try await LocalGateway.run(
      """
      try: chat()
      except openai.APIStatusError as e: result["refusal"] = str(e)
      """,
      document: "version: 1\nengine: { memory: 128MiB }\n"
    )
    let refusal = try #require(result["refusal"] as? String)
    #expect(refusal.contains("needs ") && refusal.contains("models may take 134 MB"), "\(refusal)")
  }

  @Test func `an engine that is killed in an answer ends it in an error, and the next one works`()
    async throws
  {
    let result = try await LocalGateway.run(
      """
      pieces = 0
      try:
        story = [{"role": "user", "content": "Write a long story about a dog."}]
        for x in chat(messages=story, max_tokens=400, stream=True):
          pieces += 1
          if pieces == 5: os.kill(engines()[0], signal.SIGKILL)
        result["error"] = "none"
      except openai.APIError as e: result["error"] = str(e)
      result["pieces"] = pieces
      result["next"] = chat().choices[0].message.content
      def ticks(pid): return sum(map(int, open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()[11:13]))
      pid = engines()[0]; before = ticks(pid); time.sleep(1); result["idle"] = ticks(pid) - before
      """
    )
    #expect((result["error"] as? String)?.contains("broke off") == true, "\(result)")
    #expect((result["pieces"] as? Int ?? 0) < 400)
    #expect(result["next"] as? String == answer)
    #expect((result["idle"] as? Int ?? 9) <= 1, "an idle engine uses no CPU")
    #expect((result["said"] as? String)?.contains("the engine ended with signal 9") == true)
  }

  @Test func `the engine can be switched off, and a provider of the user's keeps its name`()
    async throws
  {
    let off = try await LocalGateway.run(
      "result['models'] = [m.id for m in o.models.list().data]",
      document: "version: 1\nengine: off\n"
    )
    #expect(off["models"] as? [String] == [])
    let own = try await LocalGateway.run(
      "result['models'] = [m.id for m in o.models.list().data]; result['said first'] = said",
      document: """
        version: 1
        providers: { local: { dialect: ollama, base: "http://127.0.0.1:9", catalogue: none } }
        models: { mine: { provider: local, model: x } }

        """
    )
    #expect(own["models"] as? [String] == ["mine"])
    #expect((own["said first"] as? [String])?.first?.contains("of its own") == true, "\(own)")
  }

  @Test(.enabled(if: LocalPlace.hasSentences, "the model MiniLM is not there: ./test fetches it"))
  func `texts become vectors that lie near where they mean the same`() async throws {
    let result = try await LocalGateway.run(
      """
      vectors = [d.embedding for d in o.embeddings.create(model="local/minilm", input=["a cat", "a kitten", "the stock exchange"]).data]
      def near(a, b): return sum(x * y for x, y in zip(a, b))
      result["width"] = len(vectors[0])
      result["near"] = near(vectors[0], vectors[1]); result["far"] = near(vectors[0], vectors[2])
      other = c.embed(model="local/minilm", input="a cat").embeddings[0]
      result["same"] = near(vectors[0], other)
      try: o.embeddings.create(model="local/minilm", input="word " * 400)
      except openai.APIStatusError as e: result["long"] = str(e)
      """,
      importing: ["minilm": LocalPlace.sentences.string]
    )
    #expect(result["width"] as? Int == 384)
    let near = try #require(result["near"] as? Double)
    let far = try #require(result["far"] as? Double)
    #expect(near > 0.7 && far < 0.3, "\(near) \(far)")
    #expect((result["same"] as? Double ?? 0) > 0.999)
    #expect((result["long"] as? String)?.contains("256 tokens") == true, "\(result)")
  }
}
