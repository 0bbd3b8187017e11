/// A proxy's configuration as a team would have it, with a bit of everything.
enum LiteLLMDocument {
  static let whole = """
    model_list:
      - model_name: gpt-5.4
        litellm_params:
          model: openai/gpt-5.4
          api_key: os.environ/OPENAI_API_KEY
          organization: org-blue
          rpm: 480
          tpm: 100000
      - model_name: mini
        litellm_params:
          model: gpt-5.4-mini
          api_key: os.environ/OPENAI_API_KEY
          timeout: 300
          stream_timeout: 60
          weight: 3
        model_info:
          id: mini-1
          mode: chat
          base_model: gpt-5.4-mini
      - model_name: mini
        litellm_params:
          model: mistral/mistral-small-2603
          api_key: os.environ/MISTRAL_API_KEY
          weight: 1
          max_retries: 2
      - model_name: claude
        litellm_params:
          model: anthropic/claude-sonnet-4-6
          api_key: sk-ant-REDACTED-not-a-real-key-000000000000
          temperature: 0.2
      - model_name: eu
        litellm_params:
          model: mistral/mistral-small-2603
          litellm_credential_name: eu-mistral
        model_info:
          input_cost_per_token: 0.0000002
          output_cost_per_token: 8e-07
          cache_read_input_token_cost: 1.5e-08
          max_input_tokens: 128000
          max_output_tokens: 16000
          supports_vision: true
          supports_function_calling: true
          supports_response_schema: false
          description: the small one, in Europe
      - model_name: local
        litellm_params:
          model: ollama_chat/llama3.3
          api_base: http://localhost:11434
        model_info:
          mode: chat
          supports_function_calling: yes
      - model_name: vllm
        litellm_params:
          model: hosted_vllm/Qwen/Qwen3-32B
          api_base: http://gpu.example.com:8000/v1
          api_key: none
          extra_headers:
            X-Team: blue
            Authorization: Bearer abc
          input_cost_per_token: 0
          output_cost_per_token: 0
      - model_name: azure-gpt
        litellm_params:
          model: azure/gpt-4o-eu
          api_base: https://my-endpoint.openai.azure.com/
          api_key: os.environ/AZURE_API_KEY
          api_version: "2024-08-01-preview"
      - model_name: nova
        litellm_params:
          model: bedrock/amazon.nova-pro-v1:0
          aws_region_name: eu-west-1
      - model_name: "groq/*"
        litellm_params:
          model: "groq/*"
          api_key: os.environ/GROQ_API_KEY
      - model_name: fake
        litellm_params:
          model: openai/gpt-5.4-nano
          api_key: os.environ/OPENAI_API_KEY
          mock_response: hello

    credential_list:
      - credential_name: eu-mistral
        credential_values:
          api_key: os.environ/EU_MISTRAL_API_KEY
          api_base: https://eu.example.com/v1
        credential_info:
          description: the contract of 2026
      - credential_name: unused
        credential_values:
          api_key: os.environ/NOBODY

    litellm_settings:
      drop_params: true
      num_retries: 3
      request_timeout: 600
      fallbacks:
        - gpt-5.4: ["claude", "mini"]
      context_window_fallbacks:
        - mini: ["gpt-5.4"]
      max_budget: 100
      budget_duration: 30d
      max_internal_user_budget: 10
      cache: true
      cache_params:
        type: redis
        host: redis.example.com
        ttl: 600
      success_callback: ["langfuse", "prometheus"]
      failure_callback: ["sentry"]
      callbacks: custom_callbacks.proxy_handler_instance
      turn_off_message_logging: true
      set_verbose: false
      ssl_verify: false
      default_team_settings:
        - team_id: blue
          success_callback: ["langfuse"]

    router_settings:
      routing_strategy: usage-based-routing-v2
      model_group_alias:
        gpt-4: gpt-5.4
        hidden-mini:
          model: mini
          hidden: true
        lost: nowhere
      allowed_fails: 3
      cooldown_time: 30
      retry_after: 5
      enable_pre_call_checks: true
      redis_host: os.environ/REDIS_HOST
      redis_password: os.environ/REDIS_PASSWORD
      redis_port: 6379

    general_settings:
      master_key: sk-1234
      database_url: "postgresql://user:password@db.example.com:5432/litellm"
      store_model_in_db: true
      custom_auth: custom_auth.user_api_key_auth
      alerting: ["slack"]
      global_max_parallel_requests: 100
      max_request_size_mb: 25
      something_new: 1

    environment_variables:
      REDIS_HOST: redis.example.com
      LANGFUSE_SECRET_KEY: sk-lf-1

    guardrails:
      - guardrail_name: pii
        litellm_params:
          guardrail: presidio
          mode: pre_call
    """
}
