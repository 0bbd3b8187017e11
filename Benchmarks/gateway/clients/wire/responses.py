"""OpenAI's responses."""

import json

from turns import Asked, Refused, pieces
from wire.openai import Chat, check_picture


class Responses:
    counted = {"cached", "output", "reasoning"}
    stream_type = "text/event-stream"
    error = staticmethod(Chat.error)

    def read(self, body, _):
        asked = Asked(body["model"], body.get("stream") is True, most=body.get("max_output_tokens"))
        items = body.get("input")
        if isinstance(items, str):
            items = [{"role": "user", "content": items}]
        if not items:
            raise Refused(400, "input: something must be said")
        waiting = set()
        for item in items:
            kind = item.get("type", "message")
            if kind == "function_call":
                waiting.add(item["call_id"])
            elif kind == "function_call_output" and item["call_id"] not in waiting:
                raise Refused(400, f"no tool call found for {item['call_id']}")
            elif kind == "message" and isinstance(item["content"], list):
                for part in item["content"]:
                    if part["type"] == "input_image":
                        check_picture(part["image_url"])
                        asked.images += 1
        last = items[-1]
        asked.has_results = last.get("type") == "function_call_output"
        content = last["output"] if asked.has_results else last["content"]
        asked.words = content if isinstance(content, str) else "".join(
            part.get("text", "") for part in content)
        for tool in body.get("tools") or []:
            if tool["type"] == "function":
                asked.tools.append((tool["name"], tool.get("parameters") or {}))
        form = (body.get("text") or {}).get("format") or {}
        if form.get("type") == "json_schema":
            asked.schema = form["schema"]
        return asked

    def items(self, answer):
        found = []
        if answer.turn.text:
            found.append({"id": f"msg_{answer.number}", "type": "message", "role": "assistant",
                          "status": "completed",
                          "content": [{"type": "output_text", "text": answer.turn.text,
                                       "annotations": [], "logprobs": []}]})
        for index, made in enumerate(answer.turn.calls):
            found.append({"id": f"fc_{answer.number}_{index}", "type": "function_call",
                          "status": "completed", "name": made.name,
                          "call_id": made.id or f"call_{answer.number}_{index}",
                          "arguments": json.dumps(made.arguments, ensure_ascii=False)})
        return found

    def response(self, answer, status, items, used=None):
        return {"id": f"resp_{answer.number}", "object": "response", "created_at": 1_790_000_000,
                "status": status, "error": None, "incomplete_details": None, "instructions": None,
                "metadata": {}, "model": answer.asked.model, "output": items,
                "parallel_tool_calls": True, "temperature": 1.0, "tool_choice": "auto",
                "tools": [], "top_p": 1.0, "usage": used}

    def whole(self, answer):
        return self.response(answer, "completed", self.items(answer), usage(answer.usage))

    def stream(self, answer):
        number = -1

        def event(kind, **value):
            nonlocal number
            number += 1
            text = json.dumps({"type": kind, "sequence_number": number, **value})
            return f"event: {kind}\ndata: {text}\n\n".encode()

        begun = self.response(answer, "in_progress", [])
        yield event("response.created", response=begun)
        yield event("response.in_progress", response=begun)
        for index, item in enumerate(self.items(answer)):
            place = {"item_id": item["id"], "output_index": index}
            if item["type"] == "message":
                part = item["content"][0]
                yield event("response.output_item.added", output_index=index,
                            item={**item, "status": "in_progress", "content": []})
                yield event("response.content_part.added", **place, content_index=0,
                            part={**part, "text": ""})
                for piece in pieces(part["text"]):
                    yield event("response.output_text.delta", **place, content_index=0,
                                delta=piece, logprobs=[])
                yield event("response.output_text.done", **place, content_index=0,
                            text=part["text"], logprobs=[])
                yield event("response.content_part.done", **place, content_index=0, part=part)
            else:
                yield event("response.output_item.added", output_index=index,
                            item={**item, "status": "in_progress", "arguments": ""})
                for piece in pieces(item["arguments"]):
                    yield event("response.function_call_arguments.delta", **place, delta=piece)
                yield event("response.function_call_arguments.done", **place, name=item["name"],
                            arguments=item["arguments"])
            yield event("response.output_item.done", output_index=index, item=item)
        yield event("response.completed", response=self.whole(answer))


def usage(used):
    return {"input_tokens": used.prompt, "input_tokens_details": {"cached_tokens": used.cached},
            "output_tokens": used.output,
            "output_tokens_details": {"reasoning_tokens": used.reasoning},
            "total_tokens": used.prompt + used.output}
