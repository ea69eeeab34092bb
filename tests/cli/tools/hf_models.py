"""Makes small Hugging Face models of random f32 tensors, converts them to GGUF as llama.cpp's converter
does, extracts them with --layout hf, and compares every array with the original, bit for bit.

hf_models.py TESTS_LIB [OPTION...]         options are passed to gguf-dq extract

Each function below makes one model: from the tensors of the original, which it registers with hf(), it
makes those of the GGUF file with gguf(). It is written from the converter's side, not from the table.
"""
import json
import os
import subprocess
import sys

import numpy as np

sys.path.insert(0, sys.argv[1])
import gguf_writer  # noqa: E402

rng = np.random.default_rng(20240701)


class Model:
    def __init__(self, arch, *metadata, config=None):
        self.metadata = [("general.architecture", "str", arch)]
        self.metadata += [(key if key.startswith("xielu.") else f"{arch}.{key}", kind, value)
                          for key, kind, value in metadata]
        self.config = config
        self.original = {}
        self.tensors = []

    def hf(self, name, *shape, values=None):
        """Registers a tensor of the original."""
        array = rng.standard_normal(shape, dtype=np.float32) if values is None else values
        self.original[name] = np.asarray(array, dtype=np.float32)
        return self.original[name]

    def gguf(self, name, array, kind="f32"):
        """Adds a tensor to the GGUF file."""
        array = np.ascontiguousarray(array, dtype=np.float32)
        dims = list(reversed(array.shape))
        data = array.tobytes()
        if kind == "f16":
            data = array.astype(np.float16).tobytes()
        self.tensors.append((name, kind, dims, data))

    def same(self, gguf, hf, *shape):
        self.gguf(gguf, self.hf(hf, *shape))


def rope(array, n_head):
    """The converter's permutation of q and k."""
    shape = array.shape
    return array.reshape(n_head, 2, shape[0] // n_head // 2, *shape[1:]).swapaxes(1, 2).reshape(shape)


def llama_with_biases():
    m = Model("llama", ("attention.head_count", "u32", 6), ("attention.head_count_kv", "u32", 3))
    for name, n in (("q", 6), ("k", 3)):
        hf = f"model.layers.0.self_attn.{name}_proj"
        m.gguf(f"blk.0.attn_{name}.weight", rope(m.hf(f"{hf}.weight", n * 10, 7), n))
        m.gguf(f"blk.0.attn_{name}.bias", rope(m.hf(f"{hf}.bias", n * 10), n))
    m.gguf("rope_freqs.weight", np.ones(5))
    return m


def llama_with_a_fused_qkv():
    m = Model("llama", ("attention.head_count", "u32", 6), ("attention.head_count_kv", "u32", 3),
              ("attention.key_length", "u32", 10), ("attention.value_length", "u32", 8))
    hf = "model.layers.3.self_attn."
    for s, more in (("weight", (7,)), ("bias", ())):
        m.gguf(f"blk.3.attn_qkv.{s}", np.concatenate([
            rope(m.hf(f"{hf}q_proj.{s}", 60, *more), 6), rope(m.hf(f"{hf}k_proj.{s}", 30, *more), 3),
            m.hf(f"{hf}v_proj.{s}", 24, *more)]))
    return m


def old_mixtral():
    m = Model("llama", config={"architectures": ["MixtralForCausalLM"]})
    for x in range(3):
        for gguf, hf in (("gate", "w1"), ("down", "w2"), ("up", "w3")):
            m.same(f"blk.1.ffn_{gguf}.{x}.weight",
                   f"model.layers.1.block_sparse_moe.experts.{x}.{hf}.weight", 5, 7)
    return m


def qwen3moe_with_fused_experts():
    m = Model("qwen3moe")
    fused = [np.concatenate([m.hf(f"model.layers.0.mlp.experts.{x}.{n}_proj.weight", 5, 7)
                             for n in ("gate", "up")]) for x in range(3)]
    m.gguf("blk.0.ffn_gate_up_exps.weight", fused)
    return m


def factors():
    """X.scale: one number for a matrix, or one for each expert."""
    m = Model("qwen3moe")
    scale = np.float32(0.37)
    stored = rng.standard_normal((4, 7), dtype=np.float32)
    m.hf("model.layers.0.self_attn.o_proj.weight", values=stored * scale)
    m.gguf("blk.0.attn_output.weight", stored)
    m.gguf("blk.0.attn_output.scale", scale.reshape(1))
    m.gguf("blk.0.attn_output.input_scale", np.ones(1))
    scales = rng.standard_normal(3, dtype=np.float32)
    stored = rng.standard_normal((3, 10, 7), dtype=np.float32)
    for x in range(3):
        for i, name in enumerate(("gate", "up")):
            m.hf(f"model.layers.0.mlp.experts.{x}.{name}_proj.weight",
                 values=stored[x, 5 * i:5 * i + 5] * scales[x])
    m.gguf("blk.0.ffn_gate_up_exps.weight", stored)
    m.gguf("blk.0.ffn_gate_up_exps.scale", scales)
    stored = rng.standard_normal((3, 4, 7), dtype=np.float32)
    for x in range(3):
        m.hf(f"model.layers.0.mlp.experts.{x}.down_proj.weight", values=stored[x] * scales[x])
    m.gguf("blk.0.ffn_down_exps.weight", stored)
    m.gguf("blk.0.ffn_down_exps.scale", scales)
    return m


def bloom():
    m = Model("bloom", ("attention.head_count", "u32", 3))
    for s, more in (("weight", (7,)), ("bias", ())):
        hf = m.hf(f"transformer.h.0.self_attention.query_key_value.{s}", 3 * 3 * 5, *more)
        m.gguf(f"blk.0.attn_qkv.{s}",
               hf.reshape(3, 3, 5, *more).swapaxes(0, 1).reshape(hf.shape))
    return m


def internlm2():
    """Groups of query heads with a key and a value head each; q and k permuted as well."""
    m = Model("internlm2", ("attention.head_count", "u32", 6), ("attention.head_count_kv", "u32", 3))
    groups = m.hf("model.layers.0.attention.wqkv.weight", 3 * 4 * 10, 7).reshape(3, 4, 10, 7)
    m.gguf("blk.0.attn_q.weight", rope(groups[:, :2].reshape(60, 7), 6))
    m.gguf("blk.0.attn_k.weight", rope(groups[:, 2].reshape(30, 7), 3))
    m.gguf("blk.0.attn_v.weight", groups[:, 3].reshape(30, 7))
    return m


def baichuan():
    m = Model("baichuan", ("attention.head_count", "u32", 3))
    q, k, v = m.hf("model.layers.0.self_attn.W_pack.weight", 90, 7).reshape(3, 30, 7)
    m.gguf("blk.0.attn_v.weight", v)
    m.gguf("blk.0.attn_q.weight", rope(q, 3))
    m.gguf("blk.0.attn_k.weight", rope(k, 3))
    return m


def granitehybrid():
    """Head counts are arrays, with 0 for layers without attention."""
    m = Model("granitehybrid", ("attention.head_count", "u32", 6),
              ("attention.head_count_kv", "[i32]", [0, 3]))
    m.gguf("blk.1.attn_k.weight", rope(m.hf("model.layers.1.self_attn.k_proj.weight", 30, 7), 3))
    a_log = np.log(np.arange(1, 6, dtype=np.float32))
    m.hf("model.layers.0.mamba.A_log", values=a_log)
    m.gguf("blk.0.ssm_a", -np.exp(a_log.astype(np.float64)).reshape(5, 1))
    both = m.hf("model.layers.0.block_sparse_moe.input_linear.weight", 3, 10, 7)
    m.gguf("blk.0.ffn_gate_exps.weight", both[:, :5])
    m.gguf("blk.0.ffn_up_exps.weight", both[:, 5:], "f32")
    both = m.hf("model.layers.0.shared_mlp.input_linear.weight", 10, 7)
    m.gguf("blk.0.ffn_gate_shexp.weight", both[:5])
    m.gguf("blk.0.ffn_up_shexp.weight", both[5:])
    m.gguf("blk.0.ssm_conv1d.weight", m.hf("model.layers.0.mamba.conv1d.weight", 9, 1, 4)[:, 0])
    return m


def llama4():
    m = Model("llama4", config={"architectures": ["Llama4ForConditionalGeneration"]})
    both = m.hf("language_model.model.layers.0.feed_forward.experts.gate_up_proj", 3, 7, 10)
    m.gguf("blk.0.ffn_gate_exps.weight", both[:, :, :5].swapaxes(1, 2))
    m.gguf("blk.0.ffn_up_exps.weight", both[:, :, 5:].swapaxes(1, 2))
    m.gguf("blk.0.ffn_down_exps.weight",
           m.hf("language_model.model.layers.0.feed_forward.experts.down_proj", 3, 5, 7).swapaxes(1, 2))
    m.same("output.weight", "language_model.lm_head.weight", 9, 7)
    return m


def gpt_oss():
    """The two inputs are of different types: their values survive f16."""
    m = Model("gpt-oss")
    hf = "model.layers.0.mlp.experts."
    both = m.hf(f"{hf}gate_up_proj", values=rng.integers(-99, 99, (3, 7, 10)) / 4)
    m.gguf("blk.0.ffn_gate_exps.weight", both[:, :, ::2].swapaxes(1, 2), "f16")
    m.gguf("blk.0.ffn_up_exps.weight", both[:, :, 1::2].swapaxes(1, 2))
    both = m.hf(f"{hf}gate_up_proj_bias", 3, 10)
    m.gguf("blk.0.ffn_gate_exps.bias", both[:, ::2])
    m.gguf("blk.0.ffn_up_exps.bias", both[:, 1::2])
    return m


def single_experts():
    """ggml drops the dimension of size 1."""
    m = Model("qwen3moe")
    hf = "model.layers.{}.mlp.{}"
    m.gguf("blk.0.ffn_gate_inp.weight", m.hf(hf.format(0, "gate.weight"), 1, 7)[0])
    for n, shape in (("gate", (5, 7)), ("up", (5, 7)), ("down", (7, 5))):
        m.same(f"blk.0.ffn_{n}_exps.weight", hf.format(0, f"experts.0.{n}_proj.weight"), *shape)
    m.gguf("blk.1.ffn_gate_up_exps.weight", np.concatenate(
        [m.hf(hf.format(1, f"experts.0.{n}_proj.weight"), 5, 7) for n in ("gate", "up")]))
    return m


def single_experts_of_gpt_oss():
    m = Model("gpt-oss")
    hf = "model.layers.0.mlp.experts."
    both = m.hf(f"{hf}gate_up_proj", 1, 7, 10)[0]
    m.gguf("blk.0.ffn_gate_exps.weight", both[:, ::2].T)
    m.gguf("blk.0.ffn_up_exps.weight", both[:, 1::2].T)
    m.gguf("blk.0.ffn_down_exps.weight", m.hf(f"{hf}down_proj", 1, 5, 7)[0].T)
    both = m.hf(f"{hf}gate_up_proj_bias", 1, 10)[0]
    m.gguf("blk.0.ffn_gate_exps.bias", both[::2])
    m.gguf("blk.0.ffn_up_exps.bias", both[1::2])
    m.gguf("blk.0.ffn_down_exps.bias", m.hf(f"{hf}down_proj_bias", 1, 7)[0])
    return m


def dbrx():
    m = Model("dbrx", ("embedding_length", "u32", 7))
    hf = "transformer.blocks.0.ffn.experts.mlp."
    m.gguf("blk.0.ffn_gate_exps.weight", m.hf(f"{hf}w1", 15, 7).reshape(3, 5, 7))
    m.gguf("blk.0.ffn_down_exps.weight", m.hf(f"{hf}w2", 15, 7).reshape(3, 5, 7).swapaxes(1, 2))
    return m


def deepseek2():
    """One head: ggml drops the dimension of size 1."""
    m = Model("deepseek2")
    for layer, heads in ((0, 3), (1, 1)):
        kv = m.hf(f"model.layers.{layer}.self_attn.kv_b_proj.weight", heads * 9, 7)
        k, v = np.split(kv.reshape(heads, 9, 7), [5], axis=1)
        k = k.swapaxes(1, 2)
        m.gguf(f"blk.{layer}.attn_k_b.weight", k if heads > 1 else k[0])
        m.gguf(f"blk.{layer}.attn_v_b.weight", v if heads > 1 else v[0])
    m.same("blk.2.attn_kv_b.weight", "model.layers.2.self_attn.kv_b_proj.weight", 27, 7)
    return m


def qwen35():
    """Value heads are grouped by key heads in the original, and tiled in GGUF."""
    m = Model("qwen35", ("ssm.group_count", "u32", 3), ("ssm.time_step_rank", "u32", 6),
              ("ssm.state_size", "u32", 2), ("ssm.inner_size", "u32", 30))
    hf = "model.layers.0.linear_attn."

    def tile(array, head):
        return array.reshape(3, 2, head, *array.shape[1:]).swapaxes(0, 1).reshape(array.shape)
    qkv = m.hf(f"{hf}in_proj_qkv.weight", 42, 7)
    m.gguf("blk.0.attn_qkv.weight", np.concatenate([qkv[:12], tile(qkv[12:], 5)]))
    m.gguf("blk.0.attn_gate.weight", tile(m.hf(f"{hf}in_proj_z.weight", 30, 7), 5))
    m.gguf("blk.0.ssm_beta.weight", tile(m.hf(f"{hf}in_proj_b.weight", 6, 7), 1))
    m.gguf("blk.0.ssm_out.weight", tile(m.hf(f"{hf}out_proj.weight", 7, 30).T, 5).T)
    return m


def apertus():
    """Four numbers of each layer are metadata."""
    m = Model("apertus", ("xielu.alpha_n", "[f32]", [0.5, 0.3]), ("xielu.alpha_p", "[f32]", [1.5, 2.5]),
              ("xielu.beta", "[f32]", [0.25, 0.1]), ("xielu.eps", "[f32]", [-1e-6, -2e-6]))
    for layer in range(2):
        act = f"model.layers.{layer}.mlp.act_fn."
        m.same(f"blk.{layer}.ffn_up.weight", f"model.layers.{layer}.mlp.up_proj.weight", 5, 7)
        m.hf(f"{act}alpha_n", values=[[0.5], [0.3]][layer])
        m.hf(f"{act}alpha_p", values=[[1.5], [2.5]][layer])
        m.hf(f"{act}beta", values=[0.25, 0.1][layer])
        m.hf(f"{act}eps", values=[-1e-6, -2e-6][layer])
    return m


def roberta():
    m = Model("bert", config={"architectures": ["RobertaModel"], "pad_token_id": 1})
    positions = m.hf("embeddings.position_embeddings.weight", 9, 7)
    positions[:2] = 0
    m.gguf("position_embd.weight", positions[2:])
    return m


def bert_for_masked_words():
    m = Model("bert", ("embedding_length", "u32", 7), config={"architectures": ["BertForMaskedLM"]})
    m.same("position_embd.weight", "bert.embeddings.position_embeddings.weight", 9, 7)
    m.gguf("token_types.weight", m.hf("bert.embeddings.token_type_embeddings.weight", 1, 7)[0])
    return m


def t5():
    """wi_1 where there is a gate, else wi."""
    m = Model("t5")
    m.same("enc.blk.0.ffn_gate.weight", "encoder.block.0.layer.1.DenseReluDense.wi_0.weight", 5, 7)
    m.same("enc.blk.0.ffn_up.weight", "encoder.block.0.layer.1.DenseReluDense.wi_1.weight", 5, 7)
    m.same("dec.blk.0.ffn_up.weight", "decoder.block.0.layer.2.DenseReluDense.wi.weight", 5, 7)
    return m


def remote_chatglm():
    m = Model("chatglm", config={"architectures": ["ChatGLMModel"]})
    m.same("token_embd.weight", "transformer.embedding.word_embeddings.weight", 9, 7)
    return m


def stablelm():
    m = Model("stablelm")
    m.gguf("blk.0.attn_q_norm.weight",
           [m.hf(f"model.layers.0.self_attn.q_layernorm.norms.{x}.weight", 5) for x in range(3)])
    return m


def extract(model, options, folder):
    os.makedirs(f"{folder}/config")
    with open(f"{folder}/model.gguf", "wb") as file:
        file.write(gguf_writer.model(model.metadata, model.tensors))
    command = ["gguf-dq", "extract", "-q", "--layout", "hf", "-o", f"{folder}/out", "--json", *options]
    if model.config:
        with open(f"{folder}/config/config.json", "w", encoding="utf-8") as file:
            json.dump(model.config, file)
        command += ["--hf-config", f"{folder}/config"]
    run = subprocess.run([*command, f"{folder}/model.gguf"], stdout=subprocess.PIPE, check=False)
    outputs = json.loads(run.stdout).get("outputs", []) if run.returncode == 0 else []
    return {o["name"]: np.load(o["path"]) for o in outputs}


def main():
    models = [llama_with_biases, llama_with_a_fused_qkv, old_mixtral, qwen3moe_with_fused_experts, factors,
              bloom, internlm2, baichuan, granitehybrid, llama4, gpt_oss, single_experts,
              single_experts_of_gpt_oss, dbrx, deepseek2, qwen35,
              apertus, roberta, bert_for_masked_words, t5, remote_chatglm, stablelm]
    for make in models:
        model = make()
        found = extract(model, sys.argv[2:], make.__name__)
        wrong = sorted(found.keys() ^ model.original.keys())
        wrong += [name for name in sorted(found.keys() & model.original.keys())
                  if found[name].shape != model.original[name].shape
                  or found[name].tobytes() != model.original[name].tobytes()]
        print(make.__name__, len(model.original), "arrays" if not wrong else f"WRONG: {wrong}")


main()
