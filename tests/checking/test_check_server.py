"""What is wrong with a running server, compared with the files on the disk."""

import shutil

import pytest

from keras_session5.checking.server import check_server

from .conftest import edit, write_warm_up


def look(address, path, name=None):
    return [(one.severity, one.where, one.what) for one in check_server(address, path, name, 10)]


@pytest.fixture(scope="module")
def server(sound, tmp_path_factory):
    from keras_session5.server import serve

    base = tmp_path_factory.mktemp("served") / "half"
    shutil.copytree(sound, base)
    with serve({"half": base}) as server:
        yield server


@pytest.fixture(params=["grpc_address", "rest_address"])
def address(server, request):
    return getattr(server, request.param)


def test_a_server_with_the_same_files_has_no_findings(address, sound):
    assert look(address, sound) == look(address, sound / "1") == look(address, sound.parent / "half") == []


def test_text_is_compared_too(tmp_path):
    import tensorflow as tf

    from keras_session5.server import serve

    module = tf.Module()

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="text")])
    def same(text):
        return {"same": text, "raw_bytes": text, "length": tf.strings.length(text)}

    module.same = same
    tf.saved_model.save(module, str(tmp_path / "text/1"), signatures={"serving_default": same})
    write_warm_up(tmp_path / "text/1", ("serving_default", {"text": ["Öl", "b"]}))
    with serve({"text": tmp_path / "text"}) as server:
        for address in (server.grpc_address, server.rest_address):
            assert look(address, tmp_path / "text") == []


def test_a_newer_version_on_the_disk(address, base):
    shutil.copytree(base / "1", base / "2")
    assert look(address, base) == [
        ("error", address, "serves version 1 of half, and the newest on the disk is 2")
    ]


def test_other_numbers_under_the_same_version(address, tmp_path):
    import tensorflow as tf

    module = tf.Module()
    module.offset = tf.Variable(1.0)

    @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.float32, name="x")])
    def other(x):
        return {"y": x[:, :1] + module.offset}

    tf.saved_model.save(module, str(tmp_path / "half/1"), signatures={"serving_default": other})
    write_warm_up(tmp_path / "half/1", ("serving_default", {"x": [[1.0, 2.0]]}))
    ((severity, where, what),) = look(address, tmp_path / "half")
    assert (severity, where) == ("error", address)
    assert what.endswith("the largest relative difference is 1.5")  # here 1 + 1 = 2, there 1 + 2 * 2 = 5


def test_a_signature_that_the_server_lacks(address, base):
    def change(graph):
        graph.signature_def["other"].CopyFrom(graph.signature_def["serving_default"])

    edit(base / "1", change)
    write_warm_up(base / "1", ("other", {"x": [[1.0, 2.0]]}))
    ((severity, _, what),) = look(address, base)
    assert severity == "error"
    assert what.startswith("half does not answer a request for other")


def test_without_warm_up_requests_only_the_state_is_checked(address, base):
    (base / "1/assets.extra/tf_serving_warmup_requests").unlink()
    assert [severity for severity, *_ in look(address, base)] == ["note"]


def test_a_model_under_another_name(address, base):
    moved = base.rename(base.with_name("double"))
    ((severity, where, what),) = look(address, moved)
    assert (severity, where) == ("error", address)
    assert what.startswith("has no model double")
    assert look(address, moved, name="half") == []


@pytest.mark.parametrize("address", ["127.0.0.1:1", "http://127.0.0.1:1"])
def test_a_server_that_is_not_there(address, sound):
    ((severity, where, what),) = look(address, sound)
    assert (severity, where) == ("error", address)
    assert what.startswith("does not answer")


def test_a_version_that_the_server_cannot_load(base):
    from keras_session5.server import serve

    (base / "1/variables/variables.data-00000-of-00001").write_bytes(b"")
    with serve({"half": base}, require_all=False) as server:
        ((severity, _, what), *_) = look(server.rest_address, base)
    assert severity == "error"
    assert what.startswith("is not ready for half: version 1 is")
