# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 13. From notebook to server
#
# ## Why
#
# A model in a notebook answers to one person, as long as the notebook is open. Others want to ask it from
# programs in other languages, all day, also while a better one takes its place. Google's answer was
# TensorFlow Serving, public since 2016; Christopher Olston and colleagues describe it in
# *TensorFlow-Serving: Flexible, High-Performance ML Serving* (2017). It reads numbered folders and
# answers over HTTP and gRPC.
#
# This package writes such folders, and brings a server that speaks the same protocol wherever TensorFlow
# runs. What you do here with the one works with the other.

# %%
import base64
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib import error, request

# %%
import matplotlib.pyplot as plt
import numpy as np

import keras_session5 as s5
from keras_session5.errors import ServingError
from keras_session5.pictures.style import BLUE, ORANGE, SKY

# %%
QUICK = os.environ.get("SESSION5_QUICK") == "1"  # the tests set it: a few seconds instead of half a minute
FOLDER = Path(tempfile.mkdtemp())  # for runs and exported models; nothing of yours is touched
MODELS = FOLDER / "saved_models"
runs = {"runs_dir": FOLDER / "runs", "seed": 0, "verbose": 0, "dashboard": not QUICK}

# %% [markdown]
# ## The idea
#
# The folder is the interface. Training writes `lenet5/1`, later `lenet5/2`; the server looks once a
# second, loads what is new, and unloads the old version when the new one answers.

# %%
figure, axes = plt.subplots(figsize=(8, 2), layout="constrained")
boxes = {"notebook": (0, 0.5), "lenet5/1\nlenet5/2": (1.1, 0.5), "server": (2.2, 0.5)}
boxes |= {"web page, curl": (3.5, 1), "program": (3.5, 0)}
for text, (x, y) in boxes.items():
    box = {"boxstyle": "round,pad=0.5", "fc": {"server": SKY, "notebook": "white"}.get(text, "0.92")}
    axes.text(x, y, text, ha="center", va="center", bbox=box)
for *start, x, y in [(0.3, 0.5, 0.8, 0.5), (1.4, 0.5, 1.95, 0.5), (2.45, 0.6, 3.1, 1), (2.45, 0.4, 3.2, 0)]:
    axes.annotate("", (x, y), start, arrowprops={"arrowstyle": "->"})
texts = {
    "export": (0.4, 0.6),
    "loads": (1.5, 0.6),
    "REST, port 8501": (2.1, 1),
    "gRPC, port 8500": (2.1, -0.1),
}
for text, (x, y) in texts.items():
    axes.text(x, y, text)
axes.set(xlim=(-0.4, 4), ylim=(-0.3, 1.3))
axes.axis("off")
plt.show()

# %% [markdown]
# A server also knows something that a notebook does not: that others are asking too. Running a network
# has a price of its own, however many images it is given; $n$ images together cost
#
# $$t(n) \approx a + b\,n \qquad\text{instead of}\qquad n\,(a + b).$$
#
# So a server waits for nothing, but merges what happens to come at the same time: *batching*. Below, $a$
# and $b$ are measured.
#
# ## Build
#
# LeNet-5 of lesson 8, trained briefly: version 1 shall be a bad one.

# %%
model = s5.build("lenet5")
print(f"{model.count_params():,} weights")
first = s5.train("lenet5", epochs=2, **runs)
path = s5.export(first, MODELS)
print("version", path.name, "with an accuracy of", round(first.metrics["accuracy"], 3))

# %% [markdown]
# ## Follow one example
#
# What did the export write? The graph with its signatures, the weights, and in `assets.extra` what helps
# those who ask: the names of the classes, and requests that warm the model up before it answers anybody.

# %%
for file in sorted(path.rglob("*")):
    if file.is_file():
        print(f"{file.relative_to(MODELS)!s:55} {file.stat().st_size:>9,} bytes")

# %% [markdown]
# Start the server. Port 0 stands for any free one; `session5 serve` takes 8500 for gRPC and 8501 for
# REST.

# %%
server = s5.serve({"lenet5": path.parent})


def get(path):
    with request.urlopen(server.rest_address + path) as answer:
        return json.load(answer)


print(json.dumps(get("/v1/models/lenet5"), indent=1))

# %% [markdown]
# The same with curl, once `session5 serve` is running:
#
#     curl http://127.0.0.1:8501/v1/models/lenet5
#
# What can it be asked? Its *signatures*, with names and shapes of what goes in. (-1: any number.)

# %%
signatures = get("/v1/models/lenet5/metadata")["metadata"]["signature_def"]["signature_def"]
for name in sorted(signatures):
    for alias, info in signatures[name].get("inputs", {}).items():
        sizes = [int(dim["size"]) for dim in info["tensor_shape"].get("dim", [])]
        print(f"{name:24} {alias:12} {info['dtype']:10} {sizes}")

# %% [markdown]
# ## Train and look
#
# A better network, sixty epochs. It is not exported yet.

# %%
second = s5.train("lenet5", epochs=4 if QUICK else 60, **runs)
figure, axes = plt.subplots(figsize=(5, 2.6), layout="constrained")
axes.plot(range(1, len(second.history) + 1), [epoch["loss"] for epoch in second.history], color=BLUE)
axes.set(xlabel="epoch", ylabel="training loss", ylim=(0, None))
plt.show()
print("version 1:", round(first.metrics["accuracy"], 3), " version 2:", round(second.metrics["accuracy"], 3))

# %% [markdown]
# ## Ask the served model
#
# ### REST
#
# A request is a JSON object: `instances` has one entry for each example, and so has the answer.


# %%
def post(path, body):
    asked = request.Request(server.rest_address + path, json.dumps(body).encode(), method="POST")
    with request.urlopen(asked) as answer:
        return json.load(answer)


digits = s5.load_data("digits")
image = digits.test.inputs[12:13]
answer = post("/v1/models/lenet5:predict", {"instances": image.tolist()})
print({"predictions": np.round(answer["predictions"], 3).tolist()})

# %% [markdown]
# Nobody types 784 numbers. `from_image_bytes` takes a PNG or JPEG file of any size, which JSON carries as
# text in base 64:
#
#     curl -d "{\"signature_name\": \"from_image_bytes\",
#               \"inputs\": {\"image_bytes\": [{\"b64\": \"$(base64 -w0 digit.png)\"}]}}" \
#          http://127.0.0.1:8501/v1/models/lenet5:predict

# %%
plt.imsave(FOLDER / "digit.png", image[0, ..., 0], cmap="gray", vmin=0, vmax=255)
png = base64.b64encode((FOLDER / "digit.png").read_bytes()).decode()
body = {"signature_name": "from_image_bytes", "inputs": {"image_bytes": [{"b64": png}]}}
print(post("/v1/models/lenet5:predict", body)["outputs"]["label"], "and right is", digits.test.labels[12])

# %% [markdown]
# A request that makes no sense gets a sentence and a status code, and harms nobody else.

# %%
try:
    post("/v1/models/lenet5:predict", {"instances": [[1, 2, 3]]})
except error.HTTPError as refused:
    print(refused.code, json.load(refused)["error"][:90])

# %% [markdown]
# ### gRPC
#
# The package's client hides the transport: an address with `http://` means REST, one without means gRPC.
# The latter sends arrays as they lie in memory, where JSON writes every number as text.

# %%
rest, grpc = s5.connect(server.rest_address), s5.connect(server.grpc_address)
inputs = {"image": digits.test.inputs[:100]}
keras_answer = np.array(first.model(inputs["image"]))
for name, client in (("REST", rest), ("gRPC", grpc)):
    found = client.predict("lenet5", inputs)["probabilities"]
    print(f"{name}: largest difference from Keras {np.abs(found - keras_answer).max():.1e}")
text, binary = len(json.dumps(image.tolist())), image.astype("float32").nbytes
print(f"one image: {text:,} bytes as JSON, {binary:,} as numbers, {len(png):,} as a PNG in base 64")

# %% [markdown]
# ### Batching
#
# One image, and more of them in one request: the line that fits the times has $a$ at its left end and the
# slope $b$.


# %%
def milliseconds(n):
    inputs = {"image": digits.test.inputs[:n].astype("float32")}
    times = []
    for _ in range(10 if QUICK else 50):
        began = time.perf_counter()
        grpc.predict("lenet5", inputs)
        times.append(time.perf_counter() - began)
    return 1_000 * np.median(times)


# %%
sizes = [1, 8, 16, 32, 64, 128]
spent = [milliseconds(n) for n in sizes]
b, a = np.polyfit(sizes, spent, 1)
figure, axes = plt.subplots(figsize=(5, 2.6), layout="constrained")
axes.plot(sizes, spent, "o", color=BLUE, label="measured")
axes.plot(sizes, a + b * np.array(sizes), "--", color=ORANGE, label=f"{a:.2f} ms + n x {b:.3f} ms")
axes.set(xlabel="images in a request, n", ylabel="milliseconds", ylim=(0, None))
axes.legend()
plt.show()

# %% [markdown]
# And images that come one by one from many people? The server merges them itself, where the model's rows
# do not depend on each other. (The exporter has tried that.)

# %%
count = 100 if QUICK else 1_000
one = {"image": image.astype("float32")}
for people in (1, 16):
    with ThreadPoolExecutor(people) as pool:
        began = time.perf_counter()
        list(pool.map(lambda _: grpc.predict("lenet5", one), range(count)))
        seconds = time.perf_counter() - began
    print(f"{people:2} at a time: {count / seconds:5.0f} requests a second")

# %% [markdown]
# ### A new version, while the server runs
#
# Exporting writes the folder beside its place and renames it: no server ever sees half a version. Nobody
# has to be told.


# %%
def accuracy(client, **which):
    found = client.predict("lenet5", {"image": digits.test.inputs}, **which)["probabilities"]
    return (found.argmax(axis=1) == digits.test.labels).mean()


before = accuracy(grpc)
s5.export(second, MODELS)
while grpc.metadata("lenet5").version < 2:
    time.sleep(0.1)
after = accuracy(grpc)
print(f"before {before:.3f}, after {after:.3f}: same server, same address")

# %%
while len([one for one in grpc.status("lenet5") if one.state != "END"]) > 1:
    time.sleep(0.1)
for status in grpc.status("lenet5"):
    print("version", status.version, status.state)
rest.close()
grpc.close()
server.stop()

# %% [markdown]
# ### Versions and labels, with a server of its own
#
# In earnest the server is a process of its own, and a file says what it serves. Here it keeps both
# versions and gives them names: most ask for `stable`, a few try `canary`. When that has proved itself,
# one line of the file changes.

# %%
CONFIG = """
model_config_list {
  config {
    name: "lenet5"
    base_path: "/models/lenet5"
    model_platform: "tensorflow"
    model_version_policy { specific { versions: 1 versions: 2 } }
    version_labels { key: "stable" value: 1 }
    version_labels { key: "canary" value: 2 }
  }
}
"""

# %% [markdown]
# The flags are those of TensorFlow Serving, but for `--models_root`. On the command line:
#
#     session5-model-server --port=8500 --rest_api_port=8501 \
#         --model_config_file=models.config --models_root=saved_models
#
# (`/models` in the file stands for `--models_root`, and in TensorFlow Serving's image for the folder that
# is mounted there. TensorFlow Serving checks a label before it loads the version, so with labels in its
# first file it needs `--allow_version_labels_for_unavailable_models=true` too.) Here the server gets a port
# that nobody else uses.

# %%
with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]

# %%
config = FOLDER / "models.config"
config.write_text(CONFIG)
flags = [f"--port={port}", f"--models_root={MODELS}"]
flags += [f"--model_config_file={config}", "--model_config_file_poll_wait_seconds=1"]
command = [sys.executable, "-m", "keras_session5.server", *flags]
process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
client = s5.connect(f"127.0.0.1:{port}")

# %% [markdown]
# It takes some seconds to come up. Whoever asks before is told so, by an exception, and asks again.


# %%
def until(ask, *arguments, seconds=60, **more):
    for _ in range(10 * seconds):
        try:
            return ask(*arguments, **more)
        except ServingError:
            time.sleep(0.1)
    raise TimeoutError("The server does not answer.")


stable, canary = (until(accuracy, client, label=label) for label in ("stable", "canary"))
print(f"stable {stable:.3f}, canary {canary:.3f}")

# %% [markdown]
# The canary is good. Change the file, and the server reads it again within a second; nobody who asks for
# `stable` notices more than better answers.

# %%
promoted = CONFIG.replace('"stable" value: 1', '"stable" value: 2')
config.write_text(promoted)
while client.metadata("lenet5", label="stable").version == 1:
    time.sleep(0.2)
print("stable is now version", client.metadata("lenet5", label="stable").version)

# %%
client.close()
process.terminate()  # it finishes what it was asked, then leaves
print("the server left with status", process.wait(timeout=30))

# %% [markdown]
# ### Stock TensorFlow Serving
#
# The same folders and the same file drive Google's own server. With Docker:
#
#     docker run --rm -p 127.0.0.1:8500:8500 -p 127.0.0.1:8501:8501 \
#         -v "$PWD/saved_models:/models:ro" -v "$PWD/serving:/serving:ro" \
#         tensorflow/serving --model_config_file=/serving/models.config
#
# or, with the compose file of the repository,
#
#     docker compose -f serving/compose.yaml up
#
# and with its binary, where that is installed,
#
#     session5 serve --engine tensorflow_model_server --config serving/models.config
#
# Every line of this lesson that asks works against it unchanged. `serving/README.md` has the details, and
# what is different.
#
# ## Exercises
#
# 1. Ten thousand images are waiting. With the line measured above: how long one by one, and how long in
#    requests of 64?
# 2. Version 2 turns out to be bad after all. Which two ways lead back to version 1 without stopping the
#    server?
# 3. Ask for a model that is not there, for version 9, and with the name of an input misspelt. What does
#    the client raise?
#
# ## Check
#
# The key numbers of this lesson.

# %%
assert np.abs(found - keras_answer).max() < 1e-5
assert np.allclose(answer["predictions"], keras_answer[12:13], atol=1e-5)
assert np.allclose([before, after], [first.metrics["accuracy"], second.metrics["accuracy"]])
assert np.allclose([stable, canary], [before, after])
assert max(before, 0.7 if QUICK else 0.96) < after
assert spent[-1] < sizes[-1] * spent[0]  # one request for all takes less than one for each

# %% [markdown]
# ## Solutions
#
# **1.** $10\,000\,(a + b)$ against $157\,a + 10\,000\,b$.

# %%
print(f"one by one {10_000 * (a + b) / 1_000:.1f} s")
print(f"in requests of 64 {(157 * a + 10_000 * b) / 1_000:.1f} s")

# %% [markdown]
# **2.** Delete the folder `2`: the server takes the highest version that there is. Or name version 1 in
# the configuration file, as above, or point the label back to it; then version 2 remains for whoever
# wants to know what was wrong with it.
#
# **3.** Every answer of a server that is not a result has a code, the same over REST and gRPC, and the
# client raises the exception of that code, with the server's words.

# %%
with s5.serve({"lenet5": MODELS / "lenet5"}) as server, s5.connect(server.rest_address) as client:
    wrong = (("lenet6", one, None), ("lenet5", one, 9), ("lenet5", {"imago": image}, None))
    for name, inputs, version in wrong:
        try:
            client.predict(name, inputs, version=version)
        except ServingError as refused:
            print(f"{type(refused).__name__:22} {str(refused).splitlines()[0]}")
