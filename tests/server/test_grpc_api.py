"""What only gRPC can ask."""

import re

import grpc
import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    get_model_status_pb2,
    predict_pb2,
)

from keras_session5.errors import FailedPreconditionError, InvalidArgumentError, UnimplementedError
from keras_session5.server.failures import to_serving_error
from keras_session5.server.grpc_api import _truncate

from .asking import Grpc, Spec


def _request(name: str = "half", **inputs: object) -> predict_pb2.PredictRequest:
    request = predict_pb2.PredictRequest()
    request.model_spec.name = name
    for alias, value in inputs.items():
        request.inputs[alias].CopyFrom(tf.make_tensor_proto(value))
    return request


def _refused(client: Grpc, request: predict_pb2.PredictRequest, text: str) -> None:
    with pytest.raises(InvalidArgumentError, match=f"^{re.escape(text)}$"):
        client.predict_proto(request)


def test_a_reply_names_the_version_and_the_signature(grpc_client: Grpc):
    reply = grpc_client.predict_proto(_request(x=[1.0]))
    assert (reply.model_spec.name, reply.model_spec.version.value) == ("half", 2)
    assert reply.model_spec.signature_name == "serving_default"
    request = _request(x=[1.0])
    request.model_spec.version_label = "stable"
    reply = grpc_client.predict_proto(request)
    assert reply.model_spec.WhichOneof("version_choice") == "version"
    assert reply.model_spec.version.value == 1


def test_values_come_in_the_typed_field(grpc_client: Grpc):
    output = grpc_client.predict_proto(_request(x=[1.0, 2.0])).outputs["y"]
    assert (list(output.float_val), output.tensor_content) == ([3.5, 4.0], b"")


def test_one_value_fills_the_whole_shape(grpc_client: Grpc):
    request = _request(x=np.zeros((3, 1), np.float32))
    request.inputs["x"].ClearField("tensor_content")
    request.inputs["x"].float_val[:] = [4.0]
    assert list(grpc_client.predict_proto(request).outputs["y"].float_val) == [5.0, 5.0, 5.0]


def test_an_output_filter_chooses_outputs(grpc_client: Grpc):
    request = _request("pair", a=np.ones(1, np.float32), b=np.ones((1, 2), np.float32))
    request.output_filter.append("sum")
    assert set(grpc_client.predict_proto(request).outputs) == {"sum"}


def test_a_request_needs_a_model(grpc_client: Grpc):
    _refused(grpc_client, predict_pb2.PredictRequest(), "Missing ModelSpec")
    _refused(grpc_client, _request(""), "ModelSpec has no name specified.")
    with pytest.raises(InvalidArgumentError, match=r"^Missing ModelSpec$"):
        grpc_client.send(grpc_client.models.GetModelStatus, get_model_status_pb2.GetModelStatusRequest())


def test_an_unknown_signature_is_a_failed_precondition(grpc_client: Grpc):
    request = _request(x=[1.0])
    request.model_spec.signature_name = "triple"
    with pytest.raises(FailedPreconditionError, match=r'^Serving signature key "triple" not found\.$'):
        grpc_client.predict_proto(request)


def test_the_number_of_inputs_must_be_right(grpc_client: Grpc):
    _refused(
        grpc_client,
        _request(b=[1.0], a=[1.0]),
        "input size does not match signature: 2!=1 len({a,b}) != len({x})."
        " Sent extra: {a,b}. Missing but required: {x}.",
    )
    _refused(
        grpc_client,
        _request(),
        "input size does not match signature: 0!=1 len({}) != len({x})."
        " Sent extra: {}. Missing but required: {x}.",
    )


def test_the_names_of_inputs_must_be_right(grpc_client: Grpc):
    _refused(
        grpc_client,
        _request(a=[1.0]),
        "Signature input alias: x(feed name: serving_default_x:0) not found in request and no default value"
        " provided. Inputs expected to be in the request {a}, or default input alias set: ",
    )


def test_a_tensor_whose_bytes_do_not_fit_its_shape_is_named(grpc_client: Grpc):
    request = _request(x=np.zeros(2, np.float32))
    request.inputs["x"].ClearField("float_val")
    request.inputs["x"].tensor_content = b"123"
    _refused(grpc_client, request, "tensor parsing error: x")
    request.inputs["x"].dtype = 0
    _refused(grpc_client, request, "tensor parsing error: x")


def test_an_output_filter_must_name_outputs_once(grpc_client: Grpc):
    request = _request(x=[1.0])
    request.output_filter.append("z")
    _refused(
        grpc_client,
        request,
        "output tensor alias not found in signature: z Outputs expected to be in the set {y}.",
    )
    request.output_filter[:] = ["y", "y"]
    _refused(grpc_client, request, "duplicate output tensor alias: y")


@pytest.mark.parametrize(
    ("value", "name"), [("text", "string"), (1, "int32"), (np.float64(1), "double"), (np.float16(1), "half")]
)
def test_a_wrong_element_type_is_told_as_upstream_tells_it(grpc_client: Grpc, value: object, name: str):
    _refused(grpc_client, _request(x=value), f"Expects arg[0] to be float but {name} is provided")


def test_inputs_are_checked_before_the_output_filter(grpc_client: Grpc):
    request = _request(a=[1.0])
    request.output_filter.append("z")
    with pytest.raises(InvalidArgumentError, match="Signature input alias"):
        grpc_client.predict_proto(request)


def test_metadata_knows_only_signatures(grpc_client: Grpc):
    for name in ("half", "absent"):  # the fields are checked before the model is looked for
        with pytest.raises(
            InvalidArgumentError, match=r"^GetModelMetadataRequest must specify at least one metadata_field$"
        ):
            grpc_client.metadata(Spec(name), ())
        with pytest.raises(InvalidArgumentError, match=r"^Metadata field weights is not supported$"):
            grpc_client.metadata(Spec(name), ("signature_def", "weights"))


def test_metadata_names_the_version_but_no_signature(grpc_client: Grpc):
    spec = grpc_client.metadata(Spec("half", label="stable", signature="double")).model_spec
    assert (spec.name, spec.version.value, spec.signature_name) == ("half", 1, "")
    request = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=["signature_def"])
    with pytest.raises(InvalidArgumentError, match=r"^Missing ModelSpec$"):
        grpc_client.send(grpc_client.predictions.GetModelMetadata, request)


def test_other_calls_are_unimplemented(grpc_client: Grpc):
    with pytest.raises(UnimplementedError):
        grpc_client.send(
            grpc_client.channel.unary_unary("/tensorflow.serving.SessionService/SessionRun"), b""
        )


def test_a_message_above_four_mebibytes_is_taken(server):
    options = [("grpc.max_receive_message_length", -1), ("grpc.use_local_subchannel_pool", 1)]
    client = Grpc(server.grpc_address)
    client.close()
    client.channel = grpc.insecure_channel(server.grpc_address, options)
    client.predictions = type(client.predictions)(client.channel)
    x = np.ones((2_000_000, 1), np.float32)
    assert client.predict(Spec("half"), {"x": x})["y"].sum() == 7_000_000
    client.close()


def test_an_error_text_is_cut_where_upstream_cuts_it():
    assert _truncate("x" * 1024) == "x" * 1024
    assert _truncate("x" * 1025) == "x" * 1024 + "...TRUNCATED"


def test_an_unforeseen_error_is_logged_and_only_its_id_is_sent(caplog: pytest.LogCaptureFixture):
    error = to_serving_error(RuntimeError("secret path"))
    request_id = str(error).split()[-1].rstrip(".")
    assert (error.code, "secret" in str(error)) == ("INTERNAL", False)
    assert request_id in caplog.text
    assert "secret path" in caplog.text
