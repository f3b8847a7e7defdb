"""Renders the kustomizations of serving/kubernetes, as `kubectl kustomize` does."""

from pathlib import Path

import yaml


def read_objects(path):
    return [found for found in yaml.safe_load_all(path.read_text("utf-8")) if found]


def identify(found):
    return found["kind"], found["metadata"]["name"]


def merge(old, new):
    """Kustomize's strategic merge, of what the overlays use: mappings, and lists of named objects."""
    if isinstance(old, dict) and isinstance(new, dict):
        return old | {key: merge(old.get(key), value) for key, value in new.items()}
    if isinstance(old, list) and all(isinstance(item, dict) and "name" in item for item in [*old, *new]):
        named = {item["name"]: item for item in old}
        for item in new:
            named[item["name"]] = merge(named.get(item["name"]), item)
        return list(named.values())
    return new


def render(folder):
    """Returns what `kubectl kustomize` prints, as objects by kind and name."""
    (kustomization,) = read_objects(folder / "kustomization.yaml")
    known = {"apiVersion", "kind", "resources", "images", "patches", "configMapGenerator"}
    assert set(kustomization) <= known
    found = {}
    for resource in kustomization["resources"]:
        path = folder / resource
        some = render(path) if path.is_dir() else {identify(item): item for item in read_objects(path)}
        assert not found.keys() & some.keys()
        found |= some
    for config in kustomization.get("configMapGenerator", ()):
        assert config["options"] == {"disableNameSuffixHash": True}
        data = {Path(file).name: (folder / file).read_text("utf-8") for file in config["files"]}
        made = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": config["name"]}, "data": data}
        found[identify(made)] = made
    for patch in kustomization.get("patches", ()):
        (new,) = read_objects(folder / patch["path"])
        assert identify(new) in found, f"{patch['path']} patches nothing"
        old_names = [container["name"] for container in get_pod(found[identify(new)])["containers"]]
        found[identify(new)] = merge(found[identify(new)], new)
        assert [container["name"] for container in get_pod(found[identify(new)])["containers"]] == old_names
    for image in kustomization.get("images", ()):
        containers = get_container(found)
        name, _, tag = containers["image"].rpartition(":")
        assert name == image["name"]
        containers["image"] = f"{image.get('newName', name)}:{image.get('newTag', tag)}"
    return found


def get_pod(deployment):
    return deployment["spec"]["template"]["spec"]


def get_container(rendered):
    (container,) = get_pod(rendered["Deployment", "serving"])["containers"]
    return container
