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
# **How does a network answer people who will never open your notebook?**
#
# After this lesson you can
#
# * export a trained network as a numbered version, and say what is in its folder,
# * read a signature, and query it over REST and over gRPC,
# * explain why a server merges requests, and when it may, and
# * bring in a better version while the old one answers, and take a bad one back.
#
# **Time:** 45 minutes. **You need:** LeNet-5 (lesson 8). The other lessons help, but nothing here depends on
# them.
#
# ## Why
#
# A model in a notebook answers one person, as long as the notebook is open. Others want to use it from
# programs in other languages, all day, and also while a better model takes its place. So the model moves into
# a *server*: a program that waits for *requests*, computes, and sends back *responses*. Whoever sends a
# request is a *client*.
#
# Google's answer was TensorFlow Serving, public since 2016. Christopher Olston and colleagues describe it in
# *TensorFlow-Serving: Flexible, High-Performance ML Serving* (2017). It reads models from numbered folders
# and answers over HTTP and gRPC.
#
# This package writes such folders, and brings a server that speaks the same protocol wherever TensorFlow
# runs. What you do here with the one works with the other.

# %% tags=["hide-input"]
import atexit
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

import matplotlib.pyplot as plt
import numpy as np
from PIL import Image

import keras_session5 as s5
from keras_session5 import pictures
from keras_session5.errors import ServingError
from keras_session5.exercises import check
from keras_session5.pictures.style import BLUE, ORANGE, SKY, new_figure

QUICK = os.environ.get("SESSION5_QUICK") == "1"  # the tests set it: a few seconds instead of half a minute
FOLDER = Path(tempfile.mkdtemp())  # for runs and exported models; nothing of yours is touched
MODELS = FOLDER / "saved_models"
runs = {"runs_dir": FOLDER / "runs", "seed": 0, "dashboard": False}
if QUICK:
    runs |= {"shift_px": 0, "rotate_deg": 0, "scale": 0}  # a short training needs no distorted digits

# %% [markdown]
# ## The idea
#
# **The folder is the interface.** A notebook *exports* a trained model: it writes the model as
# `lenet5/1`, and a better one later as `lenet5/2`. The number is the *version*. The server looks into the
# folder once a second. The two programs never talk to each other, and need not run on the same day.

# %% tags=["hide-input"]
figure, axes = plt.subplots(figsize=(8.5, 1.9), layout="constrained")
boxes = {"your notebook": (0, 0.5), "saved_models/\nlenet5/1\nlenet5/2": (1.5, 0.5)}
boxes |= {"\nserver\n": (2.8, 0.5), "web page, curl": (4.6, 0.8), "your program": (4.6, 0.2)}
for text, (x, y) in boxes.items():
    box = {"boxstyle": "round,pad=0.5", "fc": SKY if "server" in text else "white"}
    axes.text(x, y, text, ha="center", va="center", bbox=box)
arrows = {"exports": (0.45, 1.0, 0.5, "->"), "loads": (2.0, 2.48, 0.5, "->")}
arrows |= {"REST, port 8501": (3.1, 4.1, 0.8, "<->"), "gRPC, port 8500": (3.1, 4.1, 0.2, "<->")}
for text, (left, right, y, style) in arrows.items():
    axes.annotate("", (right, y), (left, y), arrowprops={"arrowstyle": style})
    axes.text((left + right) / 2, y + 0.05, text, ha="center", va="bottom", fontsize=9)
axes.set(xlim=(-0.6, 5.3), ylim=(-0.05, 1.15))
axes.axis("off")
plt.show()

# %% [markdown]
# Move the slider to see how a new version comes in. At every moment some version answers, and no request is
# lost.

# %% tags=["hide-input"]
FRAMES = [  # what happens, the folders, the versions in the server
    ("Version 1 answers.", ["1"], {1: "answers"}),
    ("An export writes a folder whose name is no number.", ["1", ".writing-3f2a"], {1: "answers"}),
    ("The folder is complete and gets its number.", ["1", "2"], {1: "answers"}),
    ("Within a second the server finds it and loads it.", ["1", "2"], {1: "answers", 2: "is being loaded"}),
    ("It runs the requests stored with the version.", ["1", "2"], {1: "answers", 2: "is being warmed up"}),
    ("New requests go to version 2.", ["1", "2"], {1: "finishes its last requests", 2: "answers"}),
    ("Version 1 has nothing left to do.", ["1", "2"], {1: "is being unloaded", 2: "answers"}),
    ("Version 2 answers.", ["1", "2"], {2: "answers"}),
]


# %% tags=["hide-input"]
def draw(what, folders, loaded):
    figure = new_figure(6.4, 2.1)
    axes = figure.subplots()
    left = {i: (f"lenet5/{name}", "white" if name.isdigit() else "0.85") for i, name in enumerate(folders, 1)}
    right = {i: (f"version {i} {does}", SKY if does == "answers" else "0.85") for i, does in loaded.items()}
    for x, heading, boxes in ((2, "the folder", left), (6.6, "the server", right)):
        axes.text(x, 3.1, heading, ha="center", weight="bold")
        for i, (text, colour) in boxes.items():
            box = {"boxstyle": "round,pad=0.4", "fc": colour}
            axes.text(x, 3.2 - 1.1 * i, text, ha="center", va="center", bbox=box)
    axes.set(xlim=(0, 9), ylim=(0.3, 3.6))
    axes.set_title(what, loc="left", fontsize=10)
    axes.axis("off")
    return figure


# %% tags=["hide-input"]
pictures.Slider(
    [draw(*frame) for frame in FRAMES],
    labels=range(1, len(FRAMES) + 1),
    name="step",
    description="a folder gets a second version, and a server goes over to it while it answers",
    still=3,
)

# %% [markdown]
# **A server knows what a notebook does not: that others are asking too.** Running a network has a fixed price
# $a$, however many images it is given, and a price $b$ for each image. So $n$ images together take
#
# $$t(n) \approx a + b\,n \qquad\text{instead of}\qquad n\,(a + b)$$
#
# one by one. If $a$ is much larger than $b$, this is a great difference. The server therefore merges requests
# that happen to arrive at the same time. This is called *batching*. You will measure $a$ and $b$ below.
#
# ## Build
#
# In the other lessons, `s5.serve` runs the server inside the notebook. In production, a server is a program
# of its own that keeps running when the notebook is closed. A file tells it what to serve:

# %%
CONFIG = """
model_config_list {
  config {
    name: "lenet5"
    base_path: "/models/lenet5"
    model_platform: "tensorflow"
  }
}
"""

# %% [markdown]
# `/models` stands for the folder that is named on the command line. The flags are those of TensorFlow
# Serving, except for `--models_root`. In a terminal you would type
#
#     session5-model-server --port=8500 --rest_api_port=8501 \
#         --model_config_file=models.config --models_root=saved_models
#
# Here, the notebook starts the same program, on two ports that nobody else uses. There is no model yet: the
# server will wait for one.


# %%
def find_free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


# %%
config = FOLDER / "models.config"
config.write_text(CONFIG)
port, rest_port = find_free_port(), find_free_port()
flags = [f"--port={port}", f"--rest_api_port={rest_port}", f"--models_root={MODELS}"]
flags += [f"--model_config_file={config}", "--model_config_file_poll_wait_seconds=1"]
command = [sys.executable, "-m", "keras_session5.server", *flags]
process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
atexit.register(process.kill)  # if you close the notebook half-way through
print("The server is starting.")

# %% [markdown]
# Meanwhile, train LeNet-5 of lesson 8 for two epochs only, and export it. Version 1 is meant to be a bad one.

# %%
first = s5.train("lenet5", epochs=2, **runs)
path = s5.export(first, MODELS)
print("version", path.name, "with an accuracy of", round(first.metrics["accuracy"], 3))

# %% [markdown]
# ## Follow one example
#
# What did the export write? `saved_model.pb` has the computation with its signatures, `variables` the
# weights, and `assets.extra` what helps those who ask: the names of the classes, and requests that warm the
# model up before it answers anybody. All of it together is a *SavedModel*.

# %%
for file in sorted(path.rglob("*")):
    if file.is_file():
        print(f"{file.relative_to(MODELS)!s:55} {file.stat().st_size:>9,} bytes")

# %% [markdown]
# Has the server found it? A request fails with an exception as long as there is no server or no model. So try
# again until one succeeds:


# %%
def until(ask, *arguments, seconds=60, **more):
    for _ in range(10 * seconds):
        try:
            return ask(*arguments, **more)
        except (ServingError, error.URLError):
            time.sleep(0.1)
    raise TimeoutError("The server does not answer.")


def get(path):
    with request.urlopen(f"http://127.0.0.1:{rest_port}{path}") as response:
        return json.load(response)


print(json.dumps(until(get, "/v1/models/lenet5"), indent=1))

# %% [markdown]
# The state is `LOADING` at first, and `AVAILABLE` when the version can answer; a request that comes earlier
# waits. A browser can open the same address, or a terminal:
#
#     curl http://127.0.0.1:8501/v1/models/lenet5
#
# **What can the model be asked?** Its *signatures* say that: each is a function of the model, with the names,
# types and shapes of its inputs and outputs. A size of -1 stands for any number.

# %%
signatures = get("/v1/models/lenet5/metadata")["metadata"]["signature_def"]["signature_def"]
for name in sorted(signatures):
    for alias, info in signatures[name].get("inputs", {}).items():
        sizes = [int(dim["size"]) for dim in info["tensor_shape"].get("dim", [])]
        print(f"{name:24} {alias:12} {info['dtype']:10} {sizes}")

# %% [markdown]
# ## Train and look
#
# While version 1 answers, train a better network for sixty epochs. It is not exported yet, so the server
# knows nothing of it.

# %%
second = s5.train("lenet5", epochs=4 if QUICK else 60, **runs)
print("version 1:", round(first.metrics["accuracy"], 3), " better:", round(second.metrics["accuracy"], 3))

# %% tags=["hide-input"]
figure, axes = plt.subplots(figsize=(5, 2.6), layout="constrained")
axes.plot(range(1, len(second.history) + 1), [epoch["loss"] for epoch in second.history], color=BLUE)
axes.set(xlabel="epoch", ylabel="training loss", ylim=(0, None))
axes.axvline(2, color=ORANGE, linestyle="--", label="version 1 had two epochs")
axes.legend()
plt.show()

# %% [markdown]
# ## Ask the served model
#
# ### REST
#
# REST means HTTP with JSON, which every programming language can do. The request is a JSON object:
# `instances` has one entry for each example, and so has the response.


# %%
def post(path, body):
    sent = request.Request(f"http://127.0.0.1:{rest_port}{path}", json.dumps(body).encode(), method="POST")
    with request.urlopen(sent) as response:
        return json.load(response)


digits = s5.load_data("digits")
image = digits.test.inputs[12:13]
answer = post("/v1/models/lenet5:predict", {"instances": image.tolist()})
print({"predictions": np.round(answer["predictions"], 3).tolist()})

# %% [markdown]
# Nobody types 784 numbers. The signature `from_image_bytes` takes a PNG or JPEG file of any size instead.
# JSON is text, and cannot hold the bytes of a file as they are. So they are written in *base 64*, an alphabet
# of 64 letters, digits and signs, as `{"b64": "..."}`:
#
#     curl -d "{\"signature_name\": \"from_image_bytes\",
#               \"inputs\": {\"image_bytes\": [{\"b64\": \"$(base64 -w0 digit.png)\"}]}}" \
#          http://127.0.0.1:8501/v1/models/lenet5:predict

# %%
Image.fromarray(image[0, :, :, 0]).save(FOLDER / "digit.png")
png = base64.b64encode((FOLDER / "digit.png").read_bytes()).decode()
body = {"signature_name": "from_image_bytes", "inputs": {"image_bytes": [{"b64": png}]}}
found = post("/v1/models/lenet5:predict", body)["outputs"]
print(found["label"], "and right is", digits.test.labels[12])

# %% [markdown]
# A request that makes no sense gets a status code and a sentence, and harms nobody else. 400 is HTTP's code
# for a bad request.

# %%
try:
    post("/v1/models/lenet5:predict", {"instances": [[1, 2, 3]]})
except error.HTTPError as refused:
    print(refused.code, json.load(refused)["error"][:90])

# %% [markdown]
# ### gRPC
#
# gRPC sends arrays as they lie in memory, where JSON writes every number as text. The package's client hides
# the difference: an address with `http://` means REST, one without means gRPC.

# %%
rest, grpc = s5.connect(f"http://127.0.0.1:{rest_port}"), s5.connect(f"127.0.0.1:{port}")
inputs = {"image": digits.test.inputs[:100]}
keras_answer = np.array(first.model(inputs["image"]))
served = {name: client.predict("lenet5", inputs) for name, client in (("REST", rest), ("gRPC", grpc))}
for name, outputs in served.items():
    difference = np.abs(outputs["probabilities"] - keras_answer).max()
    print(f"{name}: largest difference from Keras {difference:.1e}")
text, binary = len(json.dumps(image.tolist())), image.astype("float32").nbytes
print(f"one image: {text:,} bytes as JSON, {binary:,} as numbers, {len(png):,} as a PNG in base 64")

# %% [markdown]
# What if you ask for a model that is not there, for a version 9, or misspell the name of an input? Each error
# has a code, the same over REST and gRPC, and the client raises the exception of that code with the server's
# words.

# %%
one = {"image": image.astype("float32")}
for name, given, version in (("lenet6", one, None), ("lenet5", one, 9), ("lenet5", {"imago": image}, None)):
    try:
        rest.predict(name, given, version=version)
    except ServingError as refused:
        print(f"{type(refused).__name__:22} {str(refused).splitlines()[0]}")

# %% [markdown]
# ### Batching
#
# How long does a request take with one image, and how long with more? A straight line fits the times: $a$ is
# its height at the left end, and $b$ its slope.


# %%
def milliseconds(n):
    inputs = {"image": digits.test.inputs[:n].astype("float32")}
    times = []
    for _ in range(10 if QUICK else 50):
        began = time.perf_counter()
        grpc.predict("lenet5", inputs)
        times.append(time.perf_counter() - began)
    return 1_000 * np.median(times)


sizes = [1, 8, 16, 32, 64, 128]
spent = [milliseconds(n) for n in sizes]
b, a = np.polyfit(sizes, spent, 1)

# %% tags=["hide-input"]
figure, axes = plt.subplots(figsize=(5, 2.6), layout="constrained")
axes.plot(sizes, spent, "o", color=BLUE, label="measured")
axes.plot([0, 128], [a, a + 128 * b], "--", color=ORANGE, label=f"{a:.2f} ms + n x {b:.3f} ms")
axes.set(xlabel="images in a request, n", ylabel="milliseconds", ylim=(0, None), xlim=(0, None))
axes.legend(loc="lower right")
plt.show()

# %% [markdown]
# That is a client with many images of its own. What about single images from many people? The server merges
# these itself, if the rows of the model's output do not depend on each other. (The exporter has tried that,
# and has written it into the folder.) Here sixteen threads play sixteen people. The numbers are those of the
# machine that built this page, where the people and the server share two cores.

# %%
count = 100 if QUICK else 1_000
for people in (1, 16):
    with ThreadPoolExecutor(people) as pool:
        began = time.perf_counter()
        list(pool.map(lambda _: grpc.predict("lenet5", one), range(count)))
        seconds = time.perf_counter() - began
    print(f"{people:2} at a time: {count / seconds:5.0f} requests a second")

# %% [markdown]
# ### A new version, while the server runs
#
# Now export the better network. Nobody has to be told: the server finds the folder `2`, and clients keep
# their address.


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

# %% [markdown]
# ### Versions and labels
#
# You may not want to trust a new version at once. So keep both versions, and give them *labels*: most clients
# ask for `stable`, and a few try the `canary`, named after the birds that miners took along as a warning. The
# file says which version has which label:

# %%
WITH_LABELS = CONFIG.replace(
    'platform: "tensorflow"\n',
    """platform: "tensorflow"
    model_version_policy { specific { versions: 1 versions: 2 } }
    version_labels { key: "stable" value: 1 }
    version_labels { key: "canary" value: 2 }
""",
)
config.write_text(WITH_LABELS)
stable, canary = (until(accuracy, grpc, label=label) for label in ("stable", "canary"))
print(f"stable {stable:.3f}, canary {canary:.3f}")

# %% [markdown]
# (TensorFlow Serving checks a label before it loads the version, so with labels in its first file it needs
# `--allow_version_labels_for_unavailable_models=true` too.)
#
# The canary is good. Change one line of the file. The server reads it again within a second, and those who
# ask for `stable` notice nothing but better answers.

# %%
config.write_text(WITH_LABELS.replace('"stable" value: 1', '"stable" value: 2'))
while grpc.metadata("lenet5", label="stable").version == 1:
    time.sleep(0.1)
print("stable is now version", grpc.metadata("lenet5", label="stable").version)

# %% [markdown]
# And if a version turns out to be bad after all? There are two ways back, and the server keeps running. Point
# the label to the old version, or name the old version in the file: then the bad one stays in its folder for
# whoever wants to know what is wrong with it. Or, with the first file, delete the folder: the server takes
# the highest version that is there.

# %%
rest.close()
grpc.close()
process.terminate()  # it finishes the requests that it has, then ends
print("the server ended with status", process.wait(timeout=30))

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
# Every request of this lesson works against it unchanged. `serving/README.md` has the details, and what is
# different.
#
# ## Check
#
# The numbers of this lesson: the served answers are those of Keras over both transports, both versions have
# the accuracy that training measured, and one request for many images takes less than many requests.

# %%
for outputs in served.values():
    assert np.abs(outputs["probabilities"] - keras_answer).max() < 1e-5
assert np.allclose(answer["predictions"], keras_answer[12:13], atol=1e-5)
assert np.allclose([before, after], [first.metrics["accuracy"], second.metrics["accuracy"]])
assert np.allclose([stable, canary], [before, after])
assert max(before, 0.7 if QUICK else 0.96) < after
assert spent[-1] < sizes[-1] * spent[0]

# %% [markdown]
# ## Exercises
#
# Replace the three dots by your answer and run the cell. A wrong answer gets a hint, and the next wrong one
# a second hint.
#
# ### 13.1 The price of asking one by one
#
# A request with $n$ images takes $2 + 0.05\,n$ milliseconds, and 10,000 images are waiting. How many seconds
# do they take one by one, and how many in requests of at most 64? (Pencil and paper.)

# %% tags=["exercise"]
answer = ...  # two numbers of seconds: (one by one, in requests of 64)
check("13.1", answer)

# %% [markdown]
# <details><summary>Solution</summary>
#
# The $b\,n$ is the same both times, 0.5 seconds for all images. What changes is how often $a$ is paid: 10,000
# times, or $\lceil 10\,000 / 64 \rceil = 157$ times.
#
# ```python
# answer = (10_000 * 2.05 / 1_000, (157 * 2 + 10_000 * 0.05) / 1_000)
# ```
#
# </details>
#
# ### 13.2 Which version answers?
#
# A folder holds the versions 1, 2, 9 and 10. A request names neither a version nor a label. Which version
# answers it if the server's file
#
# * says nothing about versions,
# * has the line `model_version_policy { specific { versions: 2 versions: 9 } }`, and
# * says nothing about versions, and somebody deleted the folder `10` a minute ago? (Pencil and paper.)

# %% tags=["exercise"]
answer = ...  # three numbers: (a, b, c)
check("13.2", answer)

# %% [markdown]
# <details><summary>Solution</summary>
#
# The highest version that is served. Versions are numbers, so 10 is above 9, although an alphabetical listing
# puts it next to 1. The second file serves 2 and 9. When the folder `10` is gone, 9 is the
# highest one left.
#
# ```python
# answer = (10, 9, 9)
# ```
#
# </details>
#
# ### 13.3 A canary in numbers
#
# The stable version is wrong on 2 % of the requests. The new one turns out to be wrong on 30 %, but only 5 %
# of the requests go to it. There are 20 requests a second. Which share of all answers is wrong, and how many
# minutes does it take until the canary has answered 600 requests, enough to see how bad it is? (Pencil and
# paper.)

# %% tags=["exercise"]
answer = ...  # a share and a number of minutes, such as (0.1, 5)
check("13.3", answer)

# %% [markdown]
# <details><summary>Solution</summary>
#
# The shares are weighted by who asks whom: $0.95 \cdot 0.02 + 0.05 \cdot 0.30 = 0.034$. Had the new version
# replaced the old one at once, it would have been 0.30. The canary gets $20 \cdot 0.05 = 1$ request a second,
# so 600 take ten minutes: a smaller share is safer, and takes longer to tell you anything.
#
# ```python
# answer = (0.95 * 0.02 + 0.05 * 0.30, 600 / (20 * 0.05) / 60)
# ```
#
# </details>
#
# ### 13.4 A request with two files
#
# Write the body of a REST request that asks `from_image_bytes` about two images at once. Use the text `png`
# from above for both. (The server has ended, but you can start it again and try.)

# %% tags=["exercise", "computer"]
answer = ...  # a dict, as `post` takes it: {"signature_name": ..., ...}
check("13.4", answer)

# %% [markdown]
# <details><summary>Solution</summary>
#
# Two entries in the list make a batch of two. Instead of `inputs`, with one list for each input, you can also
# send `instances`, with one entry for each example.
#
# ```python
# answer = {
#     "signature_name": "from_image_bytes",
#     "inputs": {"image_bytes": [{"b64": png}, {"b64": png}]},
# }
# ```
#
# </details>
#
# ## Quiz
#
# Answer with a letter, such as `"a"`.
#
# ### 13.Q1 Why does the export rename the folder only at the end?
#
# * **a** so that two exports never get the same number
# * **b** so that old versions can be told from new ones
# * **c** so that no server ever loads half a version

# %% tags=["exercise"]
check("13.Q1", ...)

# %% [markdown]
# ### 13.Q2 What does the first size of the shape (-1, 28, 28, 1) say?
#
# * **a** any number of images may come in one request
# * **b** the size is unknown, so the server guesses it
# * **c** the last image of the request counts

# %% tags=["exercise"]
check("13.Q2", ...)

# %% [markdown]
# ### 13.Q3 When may a server merge the requests of different people?
#
# * **a** whenever they ask for the same model
# * **b** if each row of the output depends on the same row of the input only
# * **c** if the network was trained with batches

# %% tags=["exercise"]
check("13.Q3", ...)

# %% [markdown]
# ## Summary
#
# * An export writes a model with its weights and signatures as a numbered folder. The server finds new
#   folders by itself, and goes over to them without losing a request.
# * A signature says what goes in and what comes out: names, types and shapes.
# * REST works from anywhere, and gRPC sends fewer bytes. The answers are the same.
# * Running a network has a fixed price. Batching pays it once for many images.
# * Labels separate the question from the version: a canary limits the harm of a bad version, and the way back
#   is one line of a file.
#
# This is the last lesson. `docs/guides/own-network.md` takes a network of your own the same way, from twenty
# lines of Keras to a server that is watched.
#
# ## Glossary
#
# | term | meaning |
# |---|---|
# | server, client | the program that answers requests, and the one that sends them |
# | SavedModel | the folder with a model's computation, weights and signatures |
# | signature | a function of a served model, with the names, types and shapes of its inputs and outputs |
# | version | a number; the highest one answers unless a request says otherwise |
# | label | a name for a version, such as `stable`, that can move to another version |
# | canary | a new version that gets a small share of the requests first |
# | REST, gRPC | two ways to send a request: as JSON over HTTP, or as binary messages |
# | batching | running the inputs of several requests together |
# | warm-up | running stored requests before a version answers anybody, because the first ones are slow |
