"""Measures how many tokens a second GPT-2 generates, beside Hugging Face's transformers.

Usage:

    python benchmarks/generation.py [--folder FOLDER] [--torch PYTHON] [--tokens 64] [--repeat 3]
                                    [--threads N]

Both read the same folder, continue the same prompts greedily with a key-value cache, and must generate the
same tokens. Without --folder, the weights are random, of GPT-2 small. Every measurement is a process of its
own, and the two take turns. PYTHON is an interpreter that has transformers and PyTorch; this one by default.
On a machine that runs other programs too, compare with --threads 1: PyTorch's threads wait for each other in
every operation.
"""

import argparse
import datetime
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # where the package is not installed

PROMPT = 16  # tokens
BATCHES = (1, 8)
WAYS = ("ours", "transformers")


def prompts(folder: Path, batch: int) -> np.ndarray:
    """Returns the same random prompts (batch, PROMPT) each time."""
    size = json.loads((folder / "config.json").read_text())["vocab_size"]
    return np.random.default_rng(0).integers(0, size - 1, (batch, PROMPT)).astype("int32")


def make_weights(folder: Path) -> None:
    """Writes a GPT-2 of the published size with random weights."""
    import torch  # pyright: ignore[reportMissingImports]
    import transformers  # pyright: ignore[reportMissingImports]

    torch.manual_seed(0)
    transformers.GPT2LMHeadModel(transformers.GPT2Config()).save_pretrained(folder)


def measure_ours(folder: Path, batch: int, tokens: int, threads: int | None) -> dict[str, Any]:
    """Times the function that the exported signature `generate` holds."""
    import tensorflow as tf

    if threads:
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(1)
    import keras_session5 as s5
    from keras_session5.generation import continue_texts

    result = s5.load_weights("gpt2_small", folder)
    settings = result.decoding_settings() | {"end_id": -2, "temperature": 0.0}  # no text ends early
    specs = [tf.TensorSpec((None, None), tf.int32), tf.TensorSpec((None, None), tf.float32)]
    compiled = tf.function(
        lambda prompts, noise: continue_texts(result.model, prompts, noise, **settings),
        input_signature=specs,
        autograph=False,
    )
    starts = prompts(folder, batch)

    def generate(count: int) -> np.ndarray:
        return compiled(starts, np.zeros((batch, PROMPT + count), "float32")).numpy()

    return time_it(generate, tokens) | {"version": f"TensorFlow {tf.__version__}"}


def measure_transformers(folder: Path, batch: int, tokens: int, threads: int | None) -> dict[str, Any]:
    import torch  # pyright: ignore[reportMissingImports]
    import transformers  # pyright: ignore[reportMissingImports]

    if threads:
        torch.set_num_threads(threads)
    model = transformers.GPT2LMHeadModel.from_pretrained(folder).eval()
    starts = torch.tensor(prompts(folder, batch)).long()

    def generate(count: int) -> np.ndarray:
        settings = {"max_new_tokens": count, "min_new_tokens": count, "do_sample": False, "pad_token_id": 0}
        with torch.inference_mode():
            return model.generate(starts, attention_mask=torch.ones_like(starts), **settings).numpy()

    version = f"transformers {metadata.version('transformers')}, PyTorch {torch.__version__}"
    return time_it(generate, tokens) | {"version": version}


def time_it(generate: Any, tokens: int) -> dict[str, Any]:
    """Returns the seconds up to the first token and of all, the best of three, and the tokens."""
    generate(2)  # compiles
    seconds = {}
    for count in (1, tokens):
        found = []
        for _ in range(3):
            began = time.perf_counter()
            generated = generate(count)
            found.append(time.perf_counter() - began)
        seconds[count] = min(found)
    return {"first": seconds[1], "all": seconds[tokens], "tokens": generated.tolist()}


def run_child(python: str, *arguments: Any) -> str:
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3", "HF_HUB_OFFLINE": "1"}
    command = [python, __file__, *map(str, arguments)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, env=environment, check=True)
    return done.stdout


def compare(folder: Path, options: argparse.Namespace) -> None:
    """Prints the table: the best of all processes of each way."""
    pythons = {"ours": sys.executable, "transformers": options.torch}
    print(
        f"{datetime.date.today()}, {platform.machine()}, {os.cpu_count()} cores, no GPU; {PROMPT} tokens of"
    )
    threads = f"{options.threads} thread(s)" if options.threads else "threads by each library's own choice"
    print(f"prompt, {options.tokens} generated, {threads}; the best of {3 * options.repeat} runs.\n")
    print("| way | batch | seconds to the first token | tokens a second after it |\n|---|---:|---:|---:|")
    for batch in BATCHES:
        found: dict[str, list[dict[str, Any]]] = {way: [] for way in WAYS}
        for _ in range(options.repeat):
            for way, results in found.items():
                arguments = ["--folder", folder, "--batch", batch, "--tokens", options.tokens]
                if options.threads:
                    arguments += ["--threads", options.threads]
                text = run_child(pythons[way], "--measure", way, *arguments)
                results.append(json.loads(text.splitlines()[-1]))
        for way, results in found.items():
            first, whole = (min(one[key] for one in results) for key in ("first", "all"))
            rate = batch * (options.tokens - 1) / (whole - first)
            print(f"| {way} ({results[0]['version']}) | {batch} | {first:.3f} | {rate:.1f} |", flush=True)
        rows = [np.array(results[0]["tokens"]) for results in found.values()]
        print(f"<!-- equal tokens: {(rows[0] == rows[1]).mean():.4f} -->", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--torch", default=sys.executable, metavar="PYTHON")
    parser.add_argument("--tokens", type=int, default=64)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--threads", type=int, help="of each library; its own choice if left out")
    parser.add_argument("--measure", choices=[*WAYS, "make"], help=argparse.SUPPRESS)
    parser.add_argument("--batch", type=int, default=1, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure == "make":
        make_weights(options.folder)
    elif options.measure:
        measure = measure_ours if options.measure == "ours" else measure_transformers
        print(json.dumps(measure(options.folder, options.batch, options.tokens, options.threads)))
    elif options.folder:
        compare(options.folder, options)
    else:
        with tempfile.TemporaryDirectory() as folder:
            run_child(options.torch, "--measure", "make", "--folder", folder)
            compare(Path(folder), options)


if __name__ == "__main__":
    main()
