#!/usr/bin/env python3
"""Tiny models with random f32 weights, one of each architecture and of each way to scale positions.

    make_tiny.py FOLDER        needs the Python packages gguf and numpy

Nothing is quantised, so that two engines agree to the last digits or one of them is wrong.
"""
import sys
from pathlib import Path

import numpy as np
from gguf import GGUFWriter, RopeScalingType

VOCABULARY, WIDTH, INNER, HEADS, CACHE_HEADS, HEAD, LAYERS = 320, 128, 192, 4, 2, 32, 7


def write(path, architecture, *, bias=False, fused=False, scaling=None, divisors=False, head=HEAD,
          window=0, tied=True):
    random = np.random.default_rng(7)
    writer = GGUFWriter(path, architecture)
    writer.add_tokenizer_model("none")
    writer.add_vocab_size(VOCABULARY)
    writer.add_context_length(2048)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(CACHE_HEADS)
    if head * HEADS != WIDTH:
        writer.add_key_length(head)
        writer.add_value_length(head)
    writer.add_rope_dimension_count(head)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_freq_base(10000.0)
    if window:
        writer.add_sliding_window(window)
    if scaling == "linear":
        writer.add_rope_scaling_type(RopeScalingType.LINEAR)
        writer.add_rope_scaling_factor(4.0)
    if scaling == "yarn":
        writer.add_rope_scaling_type(RopeScalingType.YARN)
        writer.add_rope_scaling_factor(4.0)
        writer.add_rope_scaling_orig_ctx_len(512)
    gemma = architecture.startswith("gemma")

    def matrix(name, rows, columns, size=1.0):
        scale = size / np.sqrt(columns)
        writer.add_tensor(name, (random.standard_normal((rows, columns)) * scale).astype(np.float32))

    def vector(name, count, middle=1.0):
        writer.add_tensor(name, (middle + 0.2 * random.standard_normal(count)).astype(np.float32))

    matrix("token_embd.weight", VOCABULARY, WIDTH, 1.0 if gemma else 8.0)
    vector("output_norm.weight", WIDTH)
    if not tied:
        matrix("output.weight", VOCABULARY, WIDTH, 3.0)
    if divisors:
        writer.add_tensor("rope_freqs.weight", np.linspace(1, 8, head // 2).astype(np.float32))
    for layer in range(LAYERS):
        name = f"blk.{layer}."
        vector(name + "attn_norm.weight", WIDTH)
        vector(name + "ffn_norm.weight", WIDTH)
        if fused:
            matrix(name + "attn_qkv.weight", (HEADS + 2 * CACHE_HEADS) * head, WIDTH)
            matrix(name + "ffn_up.weight", 2 * INNER, WIDTH)
        else:
            for part, heads in (("q", HEADS), ("k", CACHE_HEADS), ("v", CACHE_HEADS)):
                matrix(f"{name}attn_{part}.weight", heads * head, WIDTH)
                if bias:
                    vector(f"{name}attn_{part}.bias", heads * head, 0.0)
            matrix(name + "ffn_gate.weight", INNER, WIDTH)
            matrix(name + "ffn_up.weight", INNER, WIDTH)
        if architecture in ("qwen3", "gemma3"):
            vector(name + "attn_q_norm.weight", head)
            vector(name + "attn_k_norm.weight", head)
        if architecture in ("gemma2", "gemma3"):
            vector(name + "post_attention_norm.weight", WIDTH)
            vector(name + "post_ffw_norm.weight", WIDTH)
        matrix(name + "attn_output.weight", WIDTH, HEADS * head)
        matrix(name + "ffn_down.weight", WIDTH, INNER)
    if architecture == "gemma2":
        writer.add_attn_logit_softcapping(2.0)
        writer.add_final_logit_softcapping(5.0)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def main():
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    variants = {
        "llama": dict(architecture="llama", tied=False),
        "llama-linear": dict(architecture="llama", scaling="linear"),
        "llama-yarn": dict(architecture="llama", scaling="yarn"),
        "llama-divisors": dict(architecture="llama", divisors=True),
        "smollm3": dict(architecture="smollm3"),
        "qwen2": dict(architecture="qwen2", bias=True),
        "qwen3": dict(architecture="qwen3", head=64),
        "qwen3-yarn": dict(architecture="qwen3", scaling="yarn"),
        "gemma": dict(architecture="gemma"),
        "gemma2": dict(architecture="gemma2", window=24),
        "gemma3": dict(architecture="gemma3", window=24, head=64),
        "gemma3-linear": dict(architecture="gemma3", window=24, scaling="linear"),
        "phi3": dict(architecture="phi3", fused=True, tied=False),
    }
    for name, options in variants.items():
        write(folder / f"{name}.gguf", **options)


main()
