"""A model server that answers what it is status to, so that nothing has to be trained."""

from types import SimpleNamespace

import pytest

from keras_session5.errors import InvalidArgumentError, NotFoundError
from keras_session5.playground.predictor import Predictor


class FakeClient:
    """Answers with what was laid down for a model's signature, and keeps what it was asked."""

    address = "http://127.0.0.1:8501"

    def __init__(self, answers):
        self.answers, self.requests = answers, []

    def predict(self, name, inputs, *, signature_name="serving_default"):
        self.requests.append((name, signature_name, inputs))
        if name not in {model for model, _ in self.answers}:
            raise NotFoundError("Servable not found")
        if (name, signature_name) not in self.answers:
            raise InvalidArgumentError("Serving signature name not found")
        return self.answers[name, signature_name]

    def metadata(self, name):
        return SimpleNamespace(signatures={signature for model, signature in self.answers if model == name})

    def status(self, name):
        if name not in {model for model, _ in self.answers}:
            raise NotFoundError("Could not find any versions of model")
        return [SimpleNamespace(version=3, state="AVAILABLE", error="")]

    def models(self):
        return {model: self.status(model) for model, _ in self.answers}


@pytest.fixture
def fake_predictor(tmp_path):
    """(model, signature) -> output name -> array, as an predictor of a server with them."""
    return lambda answers: Predictor(FakeClient(answers), tmp_path)


@pytest.fixture
def figures(monkeypatch):
    """Makes the tabs return the figures themselves instead of their SVG."""
    pytest.importorskip("gradio", reason="the page needs the extra playground")
    from keras_session5.playground import attention, convolution, recurrent, series, translation

    for tab in (attention, convolution, recurrent, series, translation):
        monkeypatch.setattr(tab, "to_svg", lambda figure, description: figure)
