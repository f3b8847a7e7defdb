from . import by_hand as by_hand, errors as errors, introspection as introspection, pictures as pictures
from .catalog import (
    NETWORKS as NETWORKS,
    Network as Network,
    Recipe as Recipe,
    Tensor as Tensor,
    build as build,
    register as register,
)
from .client import Tokenizer as Tokenizer, connect as connect
from .dashboard import Dashboard as Dashboard
from .data import load_data as load_data
from .exporting import export as export
from .pretrained import load_weights as load_weights
from .serving import serve as serve
from .training import (
    Result as Result,
    evaluate as evaluate,
    generate as generate,
    load_result as load_result,
    train as train,
    translate as translate,
)

__version__: str
