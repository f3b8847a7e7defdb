"""The manifests, the image and the monitoring of serving/ are valid, fit together and start our server."""

import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from importlib.metadata import packages_distributions
from pathlib import Path

import kubernetes_validate
import pytest
import yaml
from kustomizations import get_container, get_pod, identify, read_objects, render

from keras_session5.server.flags import parse_flags
from keras_session5.server.monitoring_config import read_monitoring_path

ROOT = Path(__file__).parents[1]
SERVING = ROOT / "serving"
KUBERNETES = SERVING / "kubernetes"
KSERVE = sorted((SERVING / "kserve").glob("*.yaml"))
README = (SERVING / "README.md").read_text("utf-8")
COMPOSE = yaml.safe_load((SERVING / "compose.yaml").read_text("utf-8"))["services"]
DOCKERFILE = (SERVING / "Dockerfile").read_text("utf-8")
OVERLAYS = ("base", "overlays/gpu", "overlays/session5")
DASHBOARD = json.loads((SERVING / "monitoring/grafana/dashboards/model-server.json").read_text("utf-8"))
(SCRAPE,) = yaml.safe_load((SERVING / "monitoring/prometheus.yaml").read_text("utf-8"))["scrape_configs"]

# The fields of KServe 0.21's InferenceService that are not Kubernetes' own, from its Python package.
KSERVE_PREDICTOR = {"model", "minReplicas", "maxReplicas", "canaryTrafficPercent", "timeout", "storageUris"}
KSERVE_MODEL = {"modelFormat", "protocolVersion", "runtime", "runtimeVersion", "storage", "storageUri"}


def read_instruction(name):
    """Returns the value of the Dockerfile's last instruction of a name, if it is JSON as a list."""
    text = re.findall(rf"^\s*{name} (.*)$", DOCKERFILE, re.MULTILINE)[-1]
    return json.loads(text) if text.startswith("[") else text


ENTRYPOINT = read_instruction("ENTRYPOINT")


# Kubernetes


@pytest.mark.parametrize("folder", OVERLAYS)
def test_every_object_is_one_of_kubernetes(folder):
    rendered = render(KUBERNETES / folder)
    assert {kind for kind, _ in rendered} == {
        *("Deployment", "Service", "ConfigMap", "PersistentVolumeClaim"),
        *("HorizontalPodAutoscaler", "PodDisruptionBudget"),
    }
    for found in [*rendered.values(), *read_objects(KUBERNETES / "upload.yaml")]:
        kubernetes_validate.validate(found, kubernetes_validate.latest_version(), strict=True)


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")
@pytest.mark.parametrize("folder", OVERLAYS)
def test_kubectl_renders_the_same(folder):
    command = ["kubectl", "kustomize", "--load-restrictor=LoadRestrictionsNone", str(KUBERNETES / folder)]
    printed = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    objects = [found for found in yaml.safe_load_all(printed) if found]
    assert {identify(found): found for found in objects} == render(KUBERNETES / folder)


@pytest.mark.parametrize("folder", OVERLAYS)
def test_the_objects_refer_to_each_other(folder):
    rendered = render(KUBERNETES / folder)
    deployment, container = rendered["Deployment", "serving"], get_container(rendered)
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    service = rendered["Service", "serving"]["spec"]
    assert deployment["spec"]["selector"]["matchLabels"] == service["selector"] == labels
    assert rendered["PodDisruptionBudget", "serving"]["spec"]["selector"]["matchLabels"] == labels
    target = rendered["HorizontalPodAutoscaler", "serving"]["spec"]["scaleTargetRef"]
    assert (target["kind"], target["name"]) in rendered
    assert target["apiVersion"] == deployment["apiVersion"]

    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert ports == {"grpc": 8500, "rest": 8501}
    assert {port["targetPort"]: port["port"] for port in service["ports"]} == ports
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert container[probe]["httpGet"]["port"] == "rest"

    volumes = {volume["name"]: volume for volume in get_pod(deployment)["volumes"]}
    assert {mount["name"] for mount in container["volumeMounts"]} == volumes.keys()
    assert ("PersistentVolumeClaim", volumes["models"]["persistentVolumeClaim"]["claimName"]) in rendered
    config = rendered["ConfigMap", volumes["config"]["configMap"]["name"]]
    named = re.findall(r"=/serving/(\S+)", " ".join(container["args"]))
    assert named
    assert set(named) <= config["data"].keys() == {"models.config", "monitoring.config", "batching.config"}
    grace_s = get_pod(deployment)["terminationGracePeriodSeconds"]
    own_s = parse_flags([])[0]["shutdown_grace_seconds"]
    assert container["lifecycle"]["preStop"]["sleep"]["seconds"] + own_s <= grace_s


def test_the_overlays_take_their_images():
    images = [get_container(render(KUBERNETES / folder))["image"] for folder in OVERLAYS]
    assert images[:2] == ["tensorflow/serving:2.20.0", "tensorflow/serving:2.20.0-gpu"]
    assert images[2].endswith(f"/{COMPOSE['session5']['image']}")
    assert COMPOSE["serving"]["image"] == images[0]
    assert get_container(render(KUBERNETES / "overlays/gpu"))["resources"]["limits"]["nvidia.com/gpu"] == 1


def test_stock_probes_ask_for_a_model_of_the_configuration():
    path = get_container(render(KUBERNETES / "base"))["readinessProbe"]["httpGet"]["path"]
    name = path.removeprefix("/v1/models/")
    assert f'name: "{name}"' in (SERVING / "models.config").read_text("utf-8")


# KServe


@pytest.mark.parametrize("path", KSERVE, ids=lambda path: path.stem)
def test_an_inference_service_has_fields_that_kserve_knows(path):
    (service,) = read_objects(path)
    assert (service["apiVersion"], service["kind"]) == ("serving.kserve.io/v1beta1", "InferenceService")
    assert service["spec"].keys() == {"predictor"}
    predictor = service["spec"]["predictor"]
    pod = {key: value for key, value in predictor.items() if key not in KSERVE_PREDICTOR}
    if model := predictor.get("model"):
        assert model["modelFormat"].keys() <= {"name", "version"}
        # The rest of it is a container.
        rest = {key: value for key, value in model.items() if key not in KSERVE_MODEL}
        pod["containers"] = [{"name": "kserve-container", "image": "tensorflow/serving"} | rest]
        uri = model["storageUri"]
    else:
        (container,) = predictor["containers"]
        assert container["name"] == "kserve-container"
        (uri,) = [variable["value"] for variable in container["env"] if variable["name"] == "STORAGE_URI"]
        flags, ignored = parse_flags([*ENTRYPOINT[1:], *container["args"]])
        assert not ignored
        assert (flags["model_name"], flags["model_base_path"]) == (service["metadata"]["name"], "/mnt/models")
        assert container["ports"][0]["containerPort"] == flags["rest_api_port"]
        assert container["image"] == get_container(render(KUBERNETES / "overlays/session5"))["image"]
    whole = {"apiVersion": "v1", "kind": "Pod", "metadata": service["metadata"], "spec": pod}
    kubernetes_validate.validate(whole, kubernetes_validate.latest_version(), strict=True)
    claim, _, name = uri.removeprefix("pvc://").partition("/")
    assert ("PersistentVolumeClaim", claim) in render(KUBERNETES / "base")
    assert f'name: "{name}"' in (SERVING / "models.config").read_text("utf-8")


# Docker


def test_compose_names_files_images_and_ports_that_exist():
    for name, service in COMPOSE.items():
        assert re.search(r":v?\d+\.\d+\.\d+$", service["image"]), f"{name} is not pinned"
        assert all(port.startswith("127.0.0.1:") for port in service["ports"])
        assert all((SERVING / volume.split(":")[0]).exists() for volume in service["volumes"])
        assert set(service.get("depends_on", ())) <= COMPOSE.keys()
    assert COMPOSE["serving"]["command"] == COMPOSE["session5"]["command"]
    assert not parse_flags(COMPOSE["serving"]["command"])[1]
    build = COMPOSE["session5"]["build"]
    assert (SERVING / build["context"] / build["dockerfile"]).samefile(SERVING / "Dockerfile")


def test_the_dockerfile_copies_what_the_context_contains():
    allowed = re.findall(r"^!(\S+)", (ROOT / ".dockerignore").read_text("utf-8"), re.MULTILINE)
    copied = [
        file
        for line in re.findall(r"^COPY (?!--)(.*) \S+$", DOCKERFILE, re.MULTILINE)
        for file in line.split()
    ]
    assert sorted(copied) == sorted(allowed)
    assert all((ROOT / name).exists() for name in copied)


def test_the_image_listens_for_others_on_the_ports_that_it_exposes():
    flags, ignored = parse_flags(ENTRYPOINT[1:])
    assert not ignored
    assert flags["host"] == "0.0.0.0"
    assert [str(flags[name]) for name in ("port", "rest_api_port")] == read_instruction("EXPOSE").split()
    scripts = (ROOT / "pyproject.toml").read_text("utf-8")
    assert f'{ENTRYPOINT[0]} = "keras_session5.server.__main__:main"' in scripts


def read_requirements():
    lines = (SERVING / "requirements.txt").read_text("utf-8").splitlines()
    return [re.match(r"[\w.-]+", line).group() for line in lines if line and not line.startswith("#")]


def test_constraints_pin_what_the_image_installs():
    pins = dict(re.findall(r"^([\w.-]+)==(\S+)", (ROOT / "constraints.txt").read_text("utf-8"), re.MULTILINE))
    assert set(read_requirements()) - {"tensorflow-cpu"} <= pins.keys()
    text = (SERVING / "requirements.txt").read_text("utf-8")
    assert re.findall(r"^tensorflow(?:-cpu)?==(\S+)", text, re.MULTILINE) == [pins["tensorflow"]] * 2


# The README


def read_commands():
    """Returns the README's indented commands, each in one line."""
    text = README.replace("\\\n", " ")
    known = r"^ {4,}((?:curl|docker|kubectl|session5|session5-model-server) .*)$"
    return [re.sub(r" +", " ", line) for line in re.findall(known, text, re.MULTILINE)]


def test_the_readmes_commands_name_what_exists():
    commands = read_commands()
    assert {line.split()[0] for line in commands} >= {"docker", "kubectl", "curl", "session5"}
    objects = {identify(found) for found in render(KUBERNETES / "base").values()}
    for path in [KUBERNETES / "upload.yaml", *KSERVE]:
        objects |= {identify(found) for found in read_objects(path)}
    objects = {(kind.lower(), name) for kind, name in objects}
    for line in commands:
        for path in re.findall(r"(?<![/\w])serving/[\w./-]+", line):
            assert (ROOT / path).exists(), line
        for kind, name in re.findall(r"\b(pod|deployment|service|inferenceservice)[/ ](\w+)", line):
            assert (kind, name) in objects, line
        if "docker run" in line or line.startswith("session5-model-server"):
            flags = [word for word in shlex.split(line) if re.match(r"--\w+_\w+=|--port", word)]
            assert flags
            assert not parse_flags(flags)[1]
        if "compose.yaml up" in line:
            services = [word for word in line.split("up", 1)[1].split() if not word.startswith("--")]
            assert set(services) <= COMPOSE.keys()


# A running server


def find_modules_that_the_image_lacks():
    """Returns the top-level modules of installed packages that requirements.txt does not name."""

    def normalize(name):
        return re.sub(r"[-_.]+", "-", name).lower()

    named = {normalize(name) for name in [*read_requirements(), "keras-session5"]}
    found = packages_distributions().items()
    return sorted(module for module, owners in found if not named & {normalize(owner) for owner in owners})


BLOCK = """
import sys
class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in LACKING:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
LACKING = set(sys.argv.pop(1).split())
sys.meta_path.insert(0, Blocker())
from keras_session5.server.__main__ import main
sys.exit(main())
"""


def fetch(address, data=None):
    with urllib.request.urlopen(address, data, timeout=30) as response:
        return response.read().decode()


def eventually(condition):
    deadline = time.monotonic() + 60  # a busy machine is slow
    while True:
        try:
            if condition():
                return
        except OSError:  # not yet listening, or an error of HTTP
            pass
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """The container of overlays/session5 as a process: its REST address, models and configuration files.

    It has only the packages of the image. Only the paths and ports are others, and the pause between
    readings of models.config.
    """
    from server.saved_models import save_half_plus

    folder = tmp_path_factory.mktemp("deployed")
    shutil.copy(SERVING / "monitoring.config", folder)
    save_half_plus(folder / "models/perceptron/1", 1.0)
    entry = re.search(
        r'config \{ name: "perceptron".*', (SERVING / "models.config").read_text("utf-8")
    ).group()
    (folder / "models.config").write_text(f"model_config_list {{ {entry} }}")
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as two:
        port, rest_port = one.getsockname()[1], two.getsockname()[1]
    container = get_container(render(KUBERNETES / "overlays/session5"))
    arguments = [argument.replace("=/serving/", f"={folder}/") for argument in container["args"]]
    here = ["--host=127.0.0.1", f"--port={port}", f"--rest_api_port={rest_port}"]
    here += [f"--models_root={folder / 'models'}", "--model_config_file_poll_wait_seconds=1"]
    lacking = " ".join(find_modules_that_the_image_lacks())
    assert "keras" in lacking.split()
    command = [sys.executable, "-c", BLOCK, lacking, *ENTRYPOINT[1:], *arguments, *here]
    process = subprocess.Popen(command, cwd=folder, env=os.environ | {"PYTHONPATH": str(ROOT)})
    address = f"http://127.0.0.1:{rest_port}"
    try:
        eventually(lambda: fetch(f"{address}/readyz") == "ok\n")
        yield address, folder
    finally:
        process.terminate()
        assert process.wait(60) == 0


@pytest.mark.slow
def test_every_probe_of_our_server_succeeds(running):
    address, _ = running
    (service,) = read_objects(SERVING / "kserve/session5.yaml")
    containers = [get_container(render(KUBERNETES / folder)) for folder in ("base", "overlays/session5")]
    containers += service["spec"]["predictor"]["containers"]
    probes = [value for container in containers for key, value in container.items() if key.endswith("Probe")]
    assert len(probes) == 8
    for probe in probes:
        fetch(address + probe["httpGet"]["path"])
    healthcheck = re.search(r"^\s+CMD (\[.*)$", DOCKERFILE, re.MULTILINE).group(1)
    _, *arguments = [part.replace("http://127.0.0.1:8501", address) for part in json.loads(healthcheck)]
    subprocess.run([sys.executable, *arguments], check=True, timeout=60)


def predict_by(address, command):
    """Returns the first prediction of the README's curl command: at x = 0, the offset of the version."""
    command = command.replace("http://127.0.0.1:8501", address)
    found = subprocess.run(f"{command} -sf", shell=True, capture_output=True, text=True)
    return json.loads(found.stdout)["predictions"][0][0] if found.returncode == 0 else None


@pytest.mark.slow
def test_the_readmes_release_goes_to_the_canary_and_back(running):
    from server.saved_models import save_half_plus

    address, folder = running
    steps = re.findall(r"^ +(config \{ name.*?)\n\n", README, re.MULTILINE | re.DOTALL)
    pinned, both, moved, done = steps
    stable, canary = [command for command in read_commands() if "/labels/" in command]

    def configure(entry):
        (folder / "models.config").write_text(f"model_config_list {{ {entry} }}")

    configure(pinned)
    eventually(lambda: predict_by(address, stable) == 1.0)
    save_half_plus(folder / "beside", 2.0)
    (folder / "beside").rename(folder / "models/perceptron/2")
    configure(both)
    eventually(lambda: predict_by(address, canary) == 2.0)
    assert predict_by(address, stable) == 1.0
    configure(moved)
    eventually(lambda: predict_by(address, stable) == 2.0)
    for back in (both, pinned):
        configure(back)
        eventually(lambda: predict_by(address, stable) == 1.0)
    eventually(lambda: predict_by(address, canary) is None)
    configure(both)
    eventually(lambda: predict_by(address, canary) == 2.0)
    configure(moved)
    eventually(lambda: predict_by(address, stable) == 2.0)
    configure(done)
    eventually(lambda: predict_by(address, canary) is None)
    assert predict_by(address, stable) == 2.0


@pytest.mark.slow
def test_prometheus_and_grafana_find_what_the_server_exports(running):
    address, _ = running
    path = read_monitoring_path(SERVING / "monitoring.config")
    annotations = render(KUBERNETES / "base")["Deployment", "serving"]["spec"]["template"]["metadata"][
        "annotations"
    ]
    assert SCRAPE["metrics_path"] == annotations["prometheus.io/path"] == path
    (target,) = SCRAPE["static_configs"][0]["targets"]
    host, _, port = target.partition(":")
    assert port == annotations["prometheus.io/port"] == "8501"
    for name in ("serving", "session5"):
        assert COMPOSE[name]["networks"]["default"]["aliases"] == [host]

    fetch(f"{address}/v1/models/perceptron:predict", b'{"instances": [[1.0]]}')
    page = fetch(address + path)
    kinds = dict(re.findall(r"^# TYPE (\S+) (\w+)$", page, re.MULTILINE))
    exported = {name for name, kind in kinds.items() if kind != "histogram"}
    exported |= {
        f"{name}_{end}"
        for name, kind in kinds.items()
        if kind == "histogram"
        for end in ("bucket", "sum", "count")
    }
    queries = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
    for query in queries:
        named = re.findall(r"(?::tensorflow:|session5_|process_)[\w:]+", query)
        assert named
        assert set(named) <= exported, query
        for by in re.findall(r"by \((.*?)\)", query):
            for series in re.findall(rf"^{named[0]}{{(.+)}} ", page, re.MULTILINE):
                assert set(by.split(", ")) <= set(re.findall(r'(\w+)="', series)), query
    assert sum(":tensorflow:" in query for query in queries) >= 6


def test_grafana_is_provisioned_with_the_datasource_of_the_dashboard():
    folder = SERVING / "monitoring/grafana"
    (source,) = yaml.safe_load((folder / "datasources/prometheus.yaml").read_text("utf-8"))["datasources"]
    assert source["url"] == "http://prometheus:9090"
    assert {panel["datasource"]["uid"] for panel in DASHBOARD["panels"]} == {source["uid"]}
    (provider,) = yaml.safe_load((folder / "dashboards/provider.yaml").read_text("utf-8"))["providers"]
    mounted = [volume.split(":")[1] for volume in COMPOSE["grafana"]["volumes"]]
    assert provider["options"]["path"] in mounted
    assert f"/d/{DASHBOARD['uid']}>" in README
