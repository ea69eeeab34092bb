#!/usr/bin/env python3
"""Compares the logits of tiny models with those of what comes back from GGUF; see hf_logits.sh.

compare_logits.py GGUF_DQ LLAMA_FOLDER [ARCHITECTURE...]

Each model has random weights, also in its norms, so that a tensor in the wrong place changes the logits.
It is saved as f32 and as bf16, converted to the same type, and extracted as shards. Prints a line for each
model and type: how many tensors are equal bit for bit, and how far the others and the logits are from the
original. Norms of which the converter stores w + 1, and A_log, may differ as the table in gguf-dq(1) says; where
all tensors are equal, so must the logits be. Exits 1 if a model does not load, or differs otherwise.
"""
import json
import logging
import multiprocessing
import os
import runpy
import subprocess
import sys
import tempfile

os.environ.update(HF_HUB_OFFLINE="1", TOKENIZERS_PARALLELISM="false", TRANSFORMERS_VERBOSITY="error",
                  HF_HUB_DISABLE_PROGRESS_BARS="1")

import numpy as np  # noqa: E402
import torch  # noqa: E402
import transformers  # noqa: E402

transformers.utils.logging.disable_progress_bar()
torch.set_num_threads(1)  # threads do not survive the forks below

VOCAB = 96
SHAPE = {"vocab_size": VOCAB, "hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 2,
         "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 64,
         "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}
EXPERTS = {"num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 32}
LINEAR = {"linear_num_key_heads": 2, "linear_num_value_heads": 4, "linear_key_head_dim": 16,
          "linear_value_head_dim": 16, "layer_types": ["linear_attention", "full_attention"],
          "num_hidden_layers": 2}

# Architecture of the GGUF file: the configuration class, and what differs from SHAPE; None leaves it out.
MODELS = {
    "llama": ("LlamaConfig", {"attention_bias": True}),
    "mistral": ("MistralConfig", {"sliding_window": None}),
    "mixtral": ("MixtralConfig", {"num_local_experts": 4, "num_experts_per_tok": 2}),
    "smollm3": ("SmolLM3Config", {}),
    "qwen2": ("Qwen2Config", {}),
    "qwen3": ("Qwen3Config", {"head_dim": 16}),
    "qwen3moe": ("Qwen3MoeConfig", {**EXPERTS, "head_dim": 16}),
    "qwen3next": ("Qwen3NextConfig", {**EXPERTS, **LINEAR, "head_dim": 16,
                                      "shared_expert_intermediate_size": 32}),
    "gemma": ("GemmaConfig", {"head_dim": 16}),
    "gemma2": ("Gemma2Config", {"head_dim": 16}),
    "gemma3": ("Gemma3TextConfig", {"head_dim": 16}),
    "phi3": ("Phi3Config", {}),
    "olmo": ("OlmoConfig", {}),
    "olmo2": ("Olmo2Config", {}),
    "granite": ("GraniteConfig", {}),
    "granitemoe": ("GraniteMoeConfig", {"num_local_experts": 4, "num_experts_per_tok": 2}),
    "command-r": ("CohereConfig", {}),
    "stablelm": ("StableLmConfig", {}),
    "starcoder2": ("Starcoder2Config", {}),
    "bloom": ("BloomConfig", {"n_layer": 2, "n_head": 4}),
    "nemotron": ("NemotronConfig", {}),
    "gpt2": ("GPT2Config", {"n_embd": 64, "n_layer": 2, "n_head": 4, "n_positions": 64}),
    "falcon": ("FalconConfig", {"new_decoder_architecture": True, "num_kv_heads": 2}),
    "mamba": ("MambaConfig", {"state_size": 8, "intermediate_size": None}),
    "lfm2": ("Lfm2Config", {"layer_types": ["conv", "full_attention"], "block_auto_adjust_ff_dim": False}),
    "deepseek2": ("DeepseekV2Config", {
        "q_lora_rank": 32, "kv_lora_rank": 32, "qk_nope_head_dim": 16, "qk_rope_head_dim": 16,
        "v_head_dim": 16, "n_routed_experts": 4, "num_experts_per_tok": 2, "n_shared_experts": 1,
        "moe_intermediate_size": 32, "first_k_dense_replace": 1, "num_key_value_heads": 4}),
    "gpt-oss": ("GptOssConfig", {"num_local_experts": 4, "num_experts_per_tok": 2, "head_dim": 16}),
    "glm4": ("Glm4Config", {"head_dim": 16}),
    "exaone4": ("Exaone4Config", {}),
}

# What the converter looks for in config.json, as in older files, and transformers no longer writes.
OLD_KEYS = {"gpt2": {"n_ctx": 64}}


def convert(llama, arguments):
    """Runs the converter. Of it only the vocabulary is replaced: there is no tokenizer."""
    sys.path[:0] = [llama, os.path.join(llama, "gguf-py")]
    logging.disable(logging.INFO)
    import conversion  # pylint: disable=import-error,import-outside-toplevel
    find = conversion.get_model_class

    def set_vocab(self):
        self.gguf_writer.add_tokenizer_model("gpt2")
        self.gguf_writer.add_tokenizer_pre("default")
        self.gguf_writer.add_token_list([f"<{i}>" for i in range(VOCAB)])
        self.gguf_writer.add_token_types([1] * VOCAB)
        self.gguf_writer.add_token_merges([])

    def get_model_class(*args, **kwargs):
        found = find(*args, **kwargs)
        found.set_vocab = set_vocab
        return found

    conversion.get_model_class = get_model_class
    sys.argv = ["convert_hf_to_gguf.py", *arguments]
    runpy.run_path(os.path.join(llama, "convert_hf_to_gguf.py"), run_name="__main__")


def call(function, *arguments):
    """Calls a function in a child process, which has its own modules; returns its result."""
    def body(pipe):
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
        pipe.send(function(*arguments))

    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as log:
        child = context.Process(target=body, args=(theirs,))
        child.start()
        theirs.close()
        child.join(300)
        if child.exitcode != 0:
            child.kill()
            log.seek(0)
            raise RuntimeError(f"{function.__name__}: exit {child.exitcode}: {log.read().strip()[-800:]}")
    return ours.recv()


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{os.path.basename(command[0])}: {done.stderr.strip()[-1500:]}")
    return done.stdout


def make(name, folder, dtype):
    class_name, changes = MODELS[name]
    keywords = {k: v for k, v in {**SHAPE, **changes}.items() if v is not None or k == "sliding_window"}
    torch.manual_seed(1)
    config = getattr(transformers, class_name)(**keywords)
    model = transformers.AutoModelForCausalLM.from_config(config).eval()
    with torch.no_grad():
        for key, parameter in model.named_parameters():
            if key.endswith("A_log"):
                parameter.copy_(torch.log(torch.rand_like(parameter) * 8 + 1))
            elif parameter.ndim == 1:
                parameter.add_(torch.randn_like(parameter) * 0.2)
            else:
                parameter.add_(torch.randn_like(parameter) * 0.05)
    model.to(dtype).save_pretrained(folder)
    with open(os.path.join(folder, "config.json"), "r+", encoding="utf-8") as file:
        config = {**json.load(file), **OLD_KEYS.get(name, {})}
        file.seek(0)
        json.dump(config, file)
        file.truncate()
    with open(os.path.join(folder, "tokenizer.json"), "w", encoding="utf-8") as file:  # to count its tokens
        json.dump({"added_tokens": [], "model": {"vocab": {str(i): i for i in range(VOCAB)}}}, file)
    return transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=dtype).eval()


def logits(model):
    tokens = (torch.arange(40) * 37 % (VOCAB - 3) + 3).reshape(2, 20)
    with torch.no_grad():
        return model(tokens, use_cache=False).logits.float()


def compare(gguf_dq, llama, name, dtype, folder):
    """Returns a line about the result, and whether it is right."""
    token = {torch.float32: "f32", torch.bfloat16: "bf16"}[dtype]
    original, back = os.path.join(folder, "original"), os.path.join(folder, "back")
    model_file = os.path.join(folder, "model.gguf")
    model = make(name, original, dtype)
    call(convert, llama, [original, "--outtype", token, "--outfile", model_file,
                         *(["--no-mtp"] if name == "qwen3next" else [])])
    run(gguf_dq, "extract", "-f", "safetensors", "--layout", "hf", "--hf-config", original, "-d", token,
        "--max-shard", "100K", "-o", back + "/", model_file)
    again, info = transformers.AutoModelForCausalLM.from_pretrained(
        back, output_loading_info=True, dtype=dtype)
    lost = {key: sorted(info[key]) for key in ("missing_keys", "unexpected_keys", "mismatched_keys")
            if info[key]}
    first, second = model.state_dict(), again.eval().state_dict()
    differ = [k for k in first if not torch.equal(first[k], second[k])]
    distance = max([(first[k].double() - second[k].double()).abs().max().item() for k in differ], default=0)
    apart = (logits(model) - logits(again)).abs().max().item()
    text = f"{len(first) - len(differ)} of {len(first)} tensors equal"
    text += f", the others ({differ[0].rsplit('.', 2)[-2]} ...) within {distance:.1e}" if differ else ""
    text += f"; logits {'equal' if apart == 0 else f'within {apart:.1e}'}"
    limit = 1.2e-7 if dtype == torch.float32 else 6e-8
    right = not lost and distance <= limit and (apart == 0 if not differ else apart < 1e-4)
    right = right and all("norm" in k or "A_log" in k for k in differ)
    return text + (f"; {lost}" if lost else ""), right


def compare_gguf(gguf_dq, model_file, folder):
    """Reads subsets of a model that are written as GGUF with PyPI's gguf, and compares their tensors."""
    import gguf  # pylint: disable=import-outside-toplevel
    wanted = {t.name: t for t in gguf.GGUFReader(model_file).tensors}
    wrong = []
    for dtype in ("f32", "f16", "bf16", "native"):
        path = os.path.join(folder, f"{dtype}.gguf")
        run(gguf_dq, "extract", "-d", dtype, "-x", "blk.1.*", "-o", path, model_file)
        found = gguf.GGUFReader(path)
        names = {t.name for t in found.tensors}
        if names != {n for n in wanted if not n.startswith("blk.1.")}:
            wrong.append(f"{dtype}: other tensors")
        for t in found.tensors:
            own = wanted[t.name]
            a = gguf.dequantize(own.data, own.tensor_type)
            b = gguf.dequantize(t.data, t.tensor_type)
            if t.tensor_type == gguf.GGMLQuantizationType.F16:
                a = a.astype(np.float16).astype(np.float32)
            elif t.tensor_type == gguf.GGMLQuantizationType.BF16:
                a = torch.from_numpy(np.array(a)).to(torch.bfloat16).float().numpy()
            if list(t.shape) != list(own.shape) or not np.array_equal(a, b):
                wrong.append(f"{dtype}: {t.name}")
    return wrong


def main():
    gguf_dq, llama = sys.argv[1:3]
    names = sys.argv[3:] or list(MODELS)
    failed = []
    for name in names:
        for dtype in (torch.float32, torch.bfloat16):
            with tempfile.TemporaryDirectory() as folder:
                try:
                    text, right = compare(gguf_dq, llama, name, dtype, folder)
                    if name in ("llama", "gpt-oss"):
                        wrong = call(compare_gguf, gguf_dq, os.path.join(folder, "model.gguf"), folder)
                        text += f"; GGUF: {wrong[:3] or 'equal'}"
                        right = right and not wrong
                except Exception as error:  # pylint: disable=broad-except
                    text, right = f"{type(error).__name__}: {error}", False
            print(f"{'' if right else 'WRONG '}{name} {str(dtype)[6:]}: {text}", flush=True)
            if not right:
                failed.append(name)
    print(f"{len(names) - len(set(failed))} of {len(names)} architectures")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
