import Catalogue

/// Documents that more than one test reads.
enum Documents {
  static let catalogue = Result { try ModelCatalogue(json: Snapshot.text, file: "models.json") }

  static let whole = """
    version: 1
    listen: 127.0.0.1:4200
    providers:
      openai: { key: OPENAI_API_KEY, concurrency: 64 }
      anthropic: { key: { env: ANTHROPIC_API_KEY } }
      mistral: { key: MISTRAL_API_KEY, headers: { X-Team: blue } }
      eu:
        dialect: openai
        base: https://eu.example.com/v1
        key: EU_KEY
        catalogue: mistral
      own: { dialect: ollama, base: "http://127.0.0.1:11434", key: none }
    models:
      small: { provider: mistral, model: mistral-small-2603, weight: 2 }
      small-eu:
        provider: eu
        model: mistral-small-2603
        price:
          input: 0.20 USD/M
          output: 0.80 USD/M
          tiers: [{ above: 100k, input: 0.40 USD/M }]
        context: 128k
        max_output: 16k
      llama: { provider: own, model: "llama3.3:70b", price: free, context: 131072, can: [tools] }
      film: { provider: own, model: film, price: { video: { 720p: 0.10 USD/s, 4k: 0.30 USD/s } } }
    aliases:
      default: cheap
      haiku: anthropic/claude-haiku-4-5
    tiers:
      cheap: { models: [small, small-eu, openai/gpt-5.4-nano, llama], policy: cheapest }
      strong: { from: [openai, anthropic], needs: [tools, vision, 400k], cap: { output: 30.00 USD/M } }
      spread: { models: [small, small-eu], policy: weighted }
    routing:
      policy: least_busy
      attempts: 4
      retry_share: 12.5%
      longest_wait: 10s
      breaker: { failures: 3, window: 1m, rest: 2s, longest_rest: 1m, probes: 2 }
      timeouts: { connect: 2s, first_byte: 1m, idle: 30s, total: 5m }
    unknown_price: { input: 15.00 USD/M, output: 75.00 USD/M }
    translation: { unsupported: drop }
    cache: { keep: 1h, size: 64MiB }
    budgets:
      org: { amount: 500.00 USD, per: month }
      team: { amount: 20.00 USD, per: day, parent: org }
    limits: { body: 16MiB, concurrency: 200 }
    logs: { content: false }
    traces: "http://127.0.0.1:4318"
    """
}
