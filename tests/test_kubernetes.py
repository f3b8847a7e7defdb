"""The JobSet has only fields that the APIs know, and starts the training that it describes."""

import os
import subprocess
from pathlib import Path

import kubernetes_validate
import pytest
import typer
import yaml

from keras_session5.cli import app, processes

JOBSET = yaml.safe_load((Path(__file__).parents[1] / "serving/kubernetes/jobset.yaml").read_text("utf-8"))
(WORKERS,) = JOBSET["spec"]["replicatedJobs"]
JOB = WORKERS["template"]["spec"]
(CONTAINER,) = JOB["template"]["spec"]["containers"]


def without_jobs(jobset):
    """The JobSet's own fields; those of the Jobs in it are Kubernetes' own."""
    jobs = [job | {"template": {}} for job in jobset["spec"]["replicatedJobs"]]
    return jobset | {"spec": jobset["spec"] | {"replicatedJobs": jobs}}


def test_its_own_fields_are_those_of_the_jobset_api():
    models = pytest.importorskip("kubeflow_trainer_api.models")  # Kubeflow generates them from JobSet's API
    assert JOBSET["apiVersion"] == "jobset.x-k8s.io/v1alpha2"
    known = models.JobsetV1alpha2JobSet.from_dict(JOBSET).to_dict()  # without the fields that it lacks
    assert without_jobs(known) == without_jobs(JOBSET)


def test_its_job_is_one_of_kubernetes():
    job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "job"}, **WORKERS["template"]}
    kubernetes_validate.validate(job, kubernetes_validate.latest_version(), strict=True)


@pytest.mark.parametrize("unfinished", [False, True])
def test_its_pods_are_the_processes_of_one_training(unfinished, tmp_path):
    printing = tmp_path / "session5"
    printing.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    printing.chmod(0o755)
    if unfinished:
        run = tmp_path / "runs" / "gpt" / "20261126-120000"
        run.mkdir(parents=True)
        (run / "epoch-00001.weights.h5").touch()
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "JOB_COMPLETION_INDEX": "7"}
    command = [*CONTAINER["command"], *CONTAINER["args"]]
    found = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    verb, *arguments = found.stdout.split()

    group = typer.main.get_command(app)
    options = group.commands[verb].make_context(verb, arguments).params
    assert options["resume"] is unfinished
    assert options["process_id"] == 7
    assert options["processes"] == JOB["completions"] == JOB["parallelism"]
    processes.check_options(options["processes"], options["coordinator"], options["process_id"])
    # Where a JobSet's network finds the first pod: <set>-<job>-<replica>-<pod>.<set>
    first = f"{JOBSET['metadata']['name']}-{WORKERS['name']}-0-0.{JOBSET['metadata']['name']}"
    assert options["coordinator"] == f"{first}:{CONTAINER['ports'][0]['containerPort']}"
