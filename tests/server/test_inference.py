"""Classify, regress and multi-inference: what they answer, and what they refuse in upstream's words."""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import (
    classification_pb2,
    inference_pb2,
    input_pb2,
    prediction_log_pb2,
    regression_pb2,
)

from keras_session5.errors import InternalError, InvalidArgumentError, NotFoundError, UnimplementedError
from keras_session5.server.inference import (
    Classification,
    make_example_tensor,
    plan_examples,
    plan_multi_inference,
)
from keras_session5.server.predict import plan
from keras_session5.server.runtime import SavedModel
from keras_session5.server.warmup import warm_up

from .asking import Asker, Grpc, Rest, Spec, input_of

CLASSIFY, REGRESS = "tensorflow/serving/classify", "tensorflow/serving/regress"
EXAMPLES = [{"x": 2.0}, {"x": 4.0}]


def _call(asker: Asker, verb: str, spec: Spec) -> object:
    return getattr(asker, verb)(spec, EXAMPLES)


def _fits(error: Exception, text: str) -> None:
    """A text that ends in `...` goes on with the signature, which gRPC cuts at 1,024 characters."""
    found = str(error)
    assert found.startswith(text.removesuffix("...")) if text.endswith("...") else found == text


@pytest.fixture(scope="module")
def odd(tf1_saved: Path) -> SavedModel:
    return SavedModel(str(tf1_saved / "odd/123"))


# What is answered


def test_labels_and_scores_come_together(tf1_asker: Asker):
    found = tf1_asker.classify(Spec("odd", signature="classify"), EXAMPLES)
    assert found == [[("no", 0.25), ("yes", 0.75)]] * 2


@pytest.mark.parametrize(
    ("signature", "classes"),
    [
        ("only_classes", [("no", 0.0), ("yes", 0.0)]),
        ("only_scores", [("", 0.25), ("", 0.75)]),
        ("same_tensor", [("no", 0.0), ("yes", 0.0)]),
    ],
)
def test_labels_or_scores_may_be_missing(tf1_asker: Asker, signature: str, classes: list):
    assert tf1_asker.classify(Spec("odd", signature=signature), EXAMPLES) == [classes] * 2


@pytest.mark.parametrize("signature", ["regress", "regress_column"])
def test_values_may_be_a_vector_or_a_column(tf1_asker: Asker, signature: str):
    assert tf1_asker.regress(Spec("odd", signature=signature), EXAMPLES) == [0.0, 1.0]


def test_the_method_of_a_signature_is_not_checked(tf1_asker: Asker):
    assert tf1_asker.classify(Spec("odd", signature="no_method"), EXAMPLES)
    assert tf1_asker.regress(Spec("run_counter", version=123), EXAMPLES)


def test_a_reply_names_the_version_and_the_signature(tf1_grpc: Grpc):
    regress = regression_pb2.RegressionRequest(input=input_of(EXAMPLES))
    regress.model_spec.name = "run_counter"
    spec = tf1_grpc.send(tf1_grpc.predictions.Regress, regress).model_spec
    assert (spec.name, spec.version.value, spec.signature_name) == ("run_counter", 123, "serving_default")
    classify = classification_pb2.ClassificationRequest(input=input_of(EXAMPLES))
    Spec("odd", version=123, signature="classify").fill(classify.model_spec)
    spec = tf1_grpc.send(tf1_grpc.predictions.Classify, classify).model_spec
    assert (spec.name, spec.version.value, spec.signature_name) == ("odd", 123, "classify")


def test_a_label_that_is_no_text_is_sent_all_the_same():
    found = classification_pb2.ClassificationResult()
    Classification(np.array([[b"\xff"]], object), np.array([[1.0]], np.float32)).fill(found)
    assert found.classifications[0].classes[0].label == "\N{REPLACEMENT CHARACTER}"


def test_the_context_stands_before_each_example():
    context, first, second = (tf.train.Example() for _ in range(3))
    for example, value in ((context, 1), (first, 2)):
        example.features.feature["x"].int64_list.value.append(value)
    found = input_pb2.Input()
    found.example_list_with_context.context.CopyFrom(context)
    found.example_list_with_context.examples.extend([first, second])
    assert make_example_tensor(found).tolist() == [
        context.SerializeToString() + first.SerializeToString(),
        context.SerializeToString(),
    ]


# What is refused

BOTH = [
    ("no such signature", "No signature was found with the name: no such signature"),
    ("serving_default", "No signature was found with the name: serving_default"),
    ("", "No signature was found with the name: serving_default"),
]
CLASSIFICATION_ERRORS = [
    *BOTH,
    ("classify_two_inputs", "Expected one input Tensor."),
    ("classify_no_output", "Expected one or two output Tensors, found 0"),
    ("classify_three_outputs", "Expected one or two output Tensors, found 3"),
    ("classify_other_input", 'No classification inputs found in SignatureDef: inputs {\n  key: "x"\n...'),
    (
        "classify_other_outputs",
        'Expected classification signature outputs to contain at least one of "classes" or "scores".'
        ' Signature was: inputs {\n  key: "inputs"\n...',
    ),
    ("classes_of_rank_1", "Expected Tensor shape: [batch_size num_classes] but got [2]"),
    ("classes_of_float", "Expected classes Tensor of DT_STRING. Got: DT_FLOAT"),
    ("classes_too_many", "Expected classes output batch size of 2. Got: 4"),
    ("scores_of_rank_3", "Expected Tensor shape: [batch_size num_classes] but got [2,2,1]"),
    ("scores_of_int", "Expected scores Tensor of DT_FLOAT. Got: DT_INT32"),
    ("scores_too_few", "Expected scores output batch size of 2. Got: 1"),
    ("scores_fewer", "Tensors class and score should match in dim_size(1). Got 2 vs. 1"),
]
REGRESSION_ERRORS = [
    *BOTH,
    ("regress_two_inputs", "Expected one input Tensor."),
    ("regress_two_outputs", "Expected one output Tensor."),
    ("regress_other_input", 'No regression inputs found in SignatureDef: inputs {\n  key: "x"\n...'),
    ("regress_other_output", 'No regression outputs found in SignatureDef: inputs {\n  key: "inputs"\n...'),
    (
        "regress_matrix",
        "Expected output Tensor shape to be either [batch_size] or [batch_size, 1] but got [2,2]",
    ),
    (
        "regress_scalar",
        "Expected output Tensor shape to be either [batch_size] or [batch_size, 1] but got []",
    ),
    ("regress_too_few", "Input batch size did not match output batch size: 2 vs. 1"),
    ("regress_double", "Expected output Tensor of DT_FLOAT.  Got: DT_DOUBLE"),
]


@pytest.mark.parametrize(
    ("verb", "signature", "text"),
    [("classify", *row) for row in CLASSIFICATION_ERRORS] + [("regress", *row) for row in REGRESSION_ERRORS],
)
def test_what_does_not_fit_is_refused_in_upstreams_words(
    tf1_asker: Asker, verb: str, signature: str, text: str
):
    with pytest.raises(InvalidArgumentError) as caught:
        _call(tf1_asker, verb, Spec("odd", signature=signature))
    _fits(caught.value, text)


@pytest.mark.parametrize("verb", ["classify", "regress"])
def test_a_model_that_is_not_served_is_named(tf1_asker: Asker, verb: str):
    with pytest.raises(NotFoundError, match=r"^Servable not found for request: Latest\(absent\)$"):
        _call(tf1_asker, verb, Spec("absent"))
    with pytest.raises(NotFoundError, match=r"^Servable not found for request: Specific\(odd, 1\)$"):
        _call(tf1_asker, verb, Spec("odd", version=1))
    with pytest.raises(InvalidArgumentError, match=r"^Unrecognized servable version label: best$"):
        _call(tf1_asker, verb, Spec("odd", label="best"))


@pytest.mark.parametrize("examples", [input_pb2.Input(), input_of([]), input_of([], {"x": 1.0})])
def test_there_must_be_examples(tf1_grpc: Grpc, examples: input_pb2.Input):
    stub = tf1_grpc.predictions
    classify = classification_pb2.ClassificationRequest(input=examples)
    Spec("odd", signature="classify").fill(classify.model_spec)
    regress = regression_pb2.RegressionRequest(input=examples)
    Spec("odd", signature="regress").fill(regress.model_spec)
    multi = inference_pb2.MultiInferenceRequest(input=examples)
    Spec("odd", signature="regress").fill(multi.tasks.add(method_name=REGRESS).model_spec)
    for method, request in (
        (stub.Classify, classify),
        (stub.Regress, regress),
        (stub.MultiInference, multi),
    ):
        with pytest.raises(InvalidArgumentError, match=r"^Input is empty\.$"):
            tf1_grpc.send(method, request)


def test_the_signature_is_checked_before_the_examples(tf1_grpc: Grpc):
    with pytest.raises(InvalidArgumentError, match=r"^Expected one input Tensor\.$"):
        tf1_grpc.classify(Spec("odd", signature="classify_two_inputs"), [])
    with pytest.raises(InvalidArgumentError, match=r"^Expected one input Tensor\.$"):
        tf1_grpc.regress(Spec("odd", signature="regress_two_inputs"), [])


def test_a_request_needs_a_model(tf1_grpc: Grpc):
    stub = tf1_grpc.predictions
    for method, request in (
        (stub.Classify, classification_pb2.ClassificationRequest()),
        (stub.Regress, regression_pb2.RegressionRequest()),
    ):
        with pytest.raises(InvalidArgumentError, match=r"^Missing ModelSpec$"):
            tf1_grpc.send(method, request)
        request.model_spec.SetInParent()
        with pytest.raises(InvalidArgumentError, match=r"^ModelSpec has no name specified\.$"):
            tf1_grpc.send(method, request)


def test_json_is_read_before_the_model_is_looked_for(tf1_rest: Rest):
    for verb in ("classify", "regress"):
        with pytest.raises(InvalidArgumentError, match=r"^JSON Parse error: "):
            tf1_rest.ask("POST", f"/v1/models/absent:{verb}", "{")


# Several signatures at once


def test_several_signatures_answer_in_the_order_of_the_tasks(tf1_grpc: Grpc):
    names = ["regress_x_to_y2", "classify_x_to_y", "regress_x_to_y"]
    tasks = [(Spec("half_plus_two", signature=name), REGRESS) for name in names]
    tasks[1] = (tasks[1][0], CLASSIFY)
    found = tf1_grpc.multi_inference(tasks, EXAMPLES)
    assert [answer.model_spec.signature_name for answer in found] == names
    assert {(answer.model_spec.name, answer.model_spec.version.value) for answer in found} == {
        ("half_plus_two", 123)
    }
    assert [one.value for one in found[0].regression_result.regressions] == [4.0, 5.0]
    assert [one.value for one in found[2].regression_result.regressions] == [3.0, 4.0]
    classes = [one.classes for one in found[1].classification_result.classifications]
    assert [[(one.label, one.score) for one in ones] for ones in classes] == [[("", 3.0)], [("", 4.0)]]


def test_several_signatures_are_one_run(tf1_grpc: Grpc):
    (before,) = tf1_grpc.regress(Spec("run_counter"), [{}])
    first, second = tf1_grpc.multi_inference(
        [(Spec("run_counter"), REGRESS), (Spec("run_counter", signature="classify"), CLASSIFY)], [{}]
    )
    assert first.model_spec.signature_name == "serving_default"
    assert first.regression_result.regressions[0].value == before + 1
    assert second.classification_result.classifications[0].classes[0].score == before + 1
    assert tf1_grpc.regress(Spec("run_counter"), [{}]) == [before + 2]


def test_signatures_with_inputs_of_their_own_get_the_same_examples(tf1_grpc: Grpc):
    tasks = [(Spec("odd", signature=name), REGRESS) for name in ("regress", "other_placeholder")]
    first, _ = tf1_grpc.multi_inference(tasks, [{}])
    assert first.regression_result.regressions[0].value == 0.0


def test_only_the_first_task_says_which_version(tf1_grpc: Grpc):
    regress, classify = (Spec("odd", signature="regress"), Spec("odd", version=9, signature="classify"))
    found = tf1_grpc.multi_inference([(regress, REGRESS), (classify, CLASSIFY)], EXAMPLES)
    assert [answer.model_spec.version.value for answer in found] == [123, 123]
    with pytest.raises(NotFoundError, match=r"^Servable not found for request: Specific\(odd, 9\)$"):
        tf1_grpc.multi_inference([(classify, CLASSIFY), (regress, REGRESS)], EXAMPLES)


def _odd(signature: str, method: str = REGRESS, name: str = "odd") -> tuple[Spec, str]:
    return Spec(name, signature=signature), method


@pytest.mark.parametrize(
    ("error", "tasks", "text"),
    [
        (InvalidArgumentError, [], "ModelSpec has no name specified."),
        (InvalidArgumentError, [_odd("regress", name="")], "ModelSpec has no name specified."),
        (NotFoundError, [_odd("regress", name="absent")], "Servable not found for request: Latest(absent)"),
        (
            InvalidArgumentError,
            [_odd("regress"), _odd("classify", CLASSIFY, "")],
            "Found ModelSpec with an empty model name.",
        ),
        (
            InvalidArgumentError,
            [_odd("regress"), _odd("classify", CLASSIFY, "half_plus_two")],
            "All ModelSpecs in a MultiInferenceRequest must access the same model name.",
        ),
        (
            InvalidArgumentError,
            [_odd("regress"), _odd("regress", CLASSIFY)],
            "Duplicate evaluation of signature: regress",
        ),
        (InvalidArgumentError, [_odd("no")], "Requested signature not found in model graph: no"),
        (InvalidArgumentError, [_odd("")], "Requested signature not found in model graph: serving_default"),
        (InvalidArgumentError, [_odd("no", "other")], "Requested signature not found in model graph: no"),
        (UnimplementedError, [_odd("regress", "")], "Unsupported signature method_name: "),
        (
            UnimplementedError,
            [_odd("regress", "tensorflow/serving/predict")],
            "Unsupported signature method_name: tensorflow/serving/predict",
        ),
        (InvalidArgumentError, [_odd("classify", REGRESS)], "Expected one output Tensor."),
        (
            InvalidArgumentError,
            [_odd("regress"), _odd("scores_too_few", CLASSIFY)],
            "Expected scores output batch size of 2. Got: 1",
        ),
        (
            InvalidArgumentError,
            [_odd("regress"), _odd("regress_double")],
            "Expected output Tensor of DT_FLOAT.  Got: DT_DOUBLE",
        ),
    ],
)
def test_tasks_that_do_not_fit_are_refused(
    tf1_grpc: Grpc, error: type[Exception], tasks: Sequence[tuple[Spec, str]], text: str
):
    with pytest.raises(error, match=f"^{re.escape(text)}$"):
        tf1_grpc.multi_inference(tasks, EXAMPLES)


# With --enable_signature_method_name_check


def test_the_method_of_a_signature_can_be_checked(odd: SavedModel):
    examples, signatures = input_of(EXAMPLES), odd.signatures
    plan_examples(signatures, "classify", CLASSIFY, examples, check_method_names=True)
    plan_examples(signatures, "regress", REGRESS, examples, check_method_names=True)
    with pytest.raises(InvalidArgumentError) as caught:
        plan_examples(signatures, "regress", CLASSIFY, examples, check_method_names=True)
    assert str(caught.value) == (
        "Expected classification signature method_name to be tensorflow/serving/classify."
        " Was: tensorflow/serving/regress"
    )
    with pytest.raises(InvalidArgumentError) as caught:
        plan_examples(signatures, "no_method", REGRESS, examples, check_method_names=True)
    assert str(caught.value) == (
        "Expected regression signature method_name to be tensorflow/serving/regress. Was: "
    )
    request = inference_pb2.MultiInferenceRequest(input=examples)
    Spec("odd", signature="no_method").fill(request.tasks.add(method_name=CLASSIFY).model_spec)
    plan_multi_inference(signatures, request)
    with pytest.raises(InvalidArgumentError, match=r"^Expected classification signature method_name to be "):
        plan_multi_inference(signatures, request, check_method_names=True)


def test_predict_then_wants_any_method_of_upstream(odd: SavedModel):
    inputs = {"inputs": np.array([b""], object)}
    plan(odd.signatures, "regress", inputs, lambda array: array, check_method_names=True)
    with pytest.raises(InternalError) as caught:
        plan(odd.signatures, "no_method", inputs, lambda array: array, check_method_names=True)
    assert str(caught.value) == (
        "Expected prediction signature method_name to be one of {tensorflow/serving/predict,"
        " tensorflow/serving/classify, tensorflow/serving/regress}. Was: "
    )


# Warm-up


class Counting:
    """A servable that notes what is run."""

    def __init__(self, model: SavedModel):
        self.model, self.signatures = model, model.signatures
        self.fetched: list[set[str]] = []

    def run(self, feeds, fetches):
        self.fetched.append(set(fetches))
        return self.model.run(feeds, fetches)


def _write_log(folder: Path, log: prediction_log_pb2.PredictionLog) -> None:
    (folder / "assets.extra").mkdir(exist_ok=True)
    with tf.io.TFRecordWriter(str(folder / "assets.extra/tf_serving_warmup_requests")) as writer:
        writer.write(log.SerializeToString())


def test_warm_up_records_of_every_kind_are_run(odd: SavedModel, tmp_path: Path):
    # Neither the model's name nor its version counts.
    logs = [prediction_log_pb2.PredictionLog() for _ in range(3)]
    Spec("x", 7, None, "classify").fill(logs[0].classify_log.request.model_spec)
    logs[0].classify_log.request.input.CopyFrom(input_of(EXAMPLES))
    Spec("x", 7, None, "regress").fill(logs[1].regress_log.request.model_spec)
    logs[1].regress_log.request.input.CopyFrom(input_of(EXAMPLES))
    multi = logs[2].multi_inference_log.request
    multi.input.CopyFrom(input_of(EXAMPLES))
    Spec("x", 7, None, "regress").fill(multi.tasks.add(method_name=REGRESS).model_spec)
    Spec("x", 7, None, "classify").fill(multi.tasks.add(method_name=CLASSIFY).model_spec)
    for log, num_fetched in zip(logs, (2, 1, 3), strict=True):
        servable = Counting(odd)
        _write_log(tmp_path, log)
        warm_up(servable, str(tmp_path), 2)
        assert [len(fetched) for fetched in servable.fetched] == [num_fetched] * 2


@pytest.mark.parametrize(
    ("kind", "signature"), [("classify_log", "scores_too_few"), ("regress_log", "regress_matrix")]
)
def test_a_warm_up_record_that_fails_fails_the_load(
    odd: SavedModel, tmp_path: Path, kind: str, signature: str
):
    log = prediction_log_pb2.PredictionLog()
    request = getattr(log, kind).request
    Spec("odd", signature=signature).fill(request.model_spec)
    request.input.CopyFrom(input_of(EXAMPLES))
    _write_log(tmp_path, log)
    with pytest.raises(InvalidArgumentError, match=r"^Expected "):
        warm_up(Counting(odd), str(tmp_path), 1)


def test_a_plan_can_be_run_by_hand(odd: SavedModel):
    run = plan_examples(odd.signatures, "classify", CLASSIFY, input_of(EXAMPLES))
    assert run.result(odd.run(run.feeds, run.fetches)).labels.tolist() == [[b"no", b"yes"]] * 2
