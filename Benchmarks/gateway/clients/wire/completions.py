"""OpenAI's completions, the old way."""

from turns import Asked, pieces
from wire.openai import Chat, event, usage


class Completions(Chat):
    def read(self, body, _):
        asked = Asked(body["model"], body.get("stream") is True, most=body.get("max_tokens"))
        asked.words = body["prompt"] if isinstance(body["prompt"], str) else body["prompt"][0]
        options = body.get("stream_options") or {}
        asked.wants_usage = not asked.stream or options.get("include_usage") is True
        return asked

    def chunk(self, answer, text, reason, **more):
        choices = [{"index": 0, "text": text, "logprobs": None, "finish_reason": reason}]
        return {"id": f"cmpl-{answer.number}", "object": "text_completion",
                "created": 1_790_000_000, "model": answer.asked.model, "choices": choices, **more}

    def whole(self, answer):
        return self.chunk(answer, answer.turn.text, "stop", usage=usage(answer.usage))

    def stream(self, answer):
        for piece in pieces(answer.turn.text):
            yield event(self.chunk(answer, piece, None))
        yield event(self.chunk(answer, "", "stop"))
        if answer.asked.wants_usage:
            yield event({**self.chunk(answer, "", None), "choices": [],
                         "usage": usage(answer.usage)})
        yield b"data: [DONE]\n\n"
