#!/usr/bin/env python3
"""Models of Qwen 3's shape with random weights, all matrices in one type.

    make_synthetic.py FOLDER [TYPE ...]      needs the Python packages gguf and numpy

Small enough to be computed in seconds. They say nothing of quality, but two engines that read the
same bytes have to give nearly the same shares to the same tokens. Logits spread by about 1; how far
shares diverge grows with the square of that.
"""
import sys
from pathlib import Path

import numpy as np
from gguf import GGMLQuantizationType, GGUFWriter, quants

VOCABULARY, WIDTH, INNER, HEADS, CACHE_HEADS, HEAD, LAYERS = 4096, 512, 1536, 8, 4, 64, 8


def one_bit(rows):
    """Q1_0: the mean size of 128 weights, and their signs."""
    blocks = rows.reshape(-1, 128)
    scales = np.abs(blocks).mean(1).astype(np.float16).view(np.uint8).reshape(-1, 2)
    bits = np.packbits(blocks >= 0, axis=1, bitorder="little")
    return np.concatenate([scales, bits], 1).reshape(rows.shape[0], -1)


def two_bits(rows):
    """Q2_0: a scale for 64 weights, and codes of -1 to 2 of it."""
    blocks = rows.reshape(-1, 64)
    scale = np.abs(blocks).mean(1, keepdims=True) * 1.3
    codes = (np.clip(np.round(blocks / scale), -1, 2) + 1).astype(np.uint8).reshape(-1, 16, 4)
    packed = codes[..., 0] | codes[..., 1] << 2 | codes[..., 2] << 4 | codes[..., 3] << 6
    scales = scale.astype(np.float16).view(np.uint8).reshape(-1, 2)
    return np.concatenate([scales, packed], 1).reshape(rows.shape[0], -1)


def write(path, name):
    kind = GGMLQuantizationType[name]
    random = np.random.default_rng(5)
    writer = GGUFWriter(path, "qwen3")
    writer.add_tokenizer_model("none")
    writer.add_vocab_size(VOCABULARY)
    writer.add_context_length(4096)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(CACHE_HEADS)
    writer.add_key_length(HEAD)
    writer.add_value_length(HEAD)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_rope_freq_base(1e6)

    def matrix(tensor, rows, columns, size=1.0):
        weights = (random.standard_normal((rows, columns)) * size / np.sqrt(columns))
        weights = weights.astype(np.float32)
        pack = {"Q1_0": one_bit, "Q2_0": two_bits}.get(name)
        data = pack(weights) if pack else quants.quantize(weights, kind)
        writer.add_tensor(tensor, data, raw_dtype=kind)

    def vector(tensor, count):
        numbers = 1 + 0.2 * random.standard_normal(count)
        writer.add_tensor(tensor, numbers.astype(np.float32))

    matrix("token_embd.weight", VOCABULARY, WIDTH, 4)
    matrix("output.weight", VOCABULARY, WIDTH, 1)
    vector("output_norm.weight", WIDTH)
    for layer in range(LAYERS):
        prefix = f"blk.{layer}."
        for tensor, count in (("attn_norm", WIDTH), ("ffn_norm", WIDTH), ("attn_q_norm", HEAD),
                              ("attn_k_norm", HEAD)):
            vector(f"{prefix}{tensor}.weight", count)
        for tensor, rows, columns in (
                ("attn_q", HEADS * HEAD, WIDTH), ("attn_k", CACHE_HEADS * HEAD, WIDTH),
                ("attn_v", CACHE_HEADS * HEAD, WIDTH), ("attn_output", WIDTH, HEADS * HEAD),
                ("ffn_gate", INNER, WIDTH), ("ffn_up", INNER, WIDTH), ("ffn_down", WIDTH, INNER)):
            matrix(f"{prefix}{tensor}.weight", rows, columns)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def main():
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    names = sys.argv[2:] or ["Q1_0", "Q2_0", "TQ2_0", "Q4_0", "Q4_1", "Q8_0", "F16", "BF16"]
    for name in names:
        write(folder / f"synthetic-{name}.gguf", name)


main()
