from .architecture import transformer as transformer
from .by_hand import (
    decision_line as decision_line,
    kernel_patch as kernel_patch,
    pooling as pooling,
)
from .diagrams import (
    neuron_and_unit as neuron_and_unit,
    rings as rings,
    stages as stages,
)
from .evaluation import (
    confusion_matrix as confusion_matrix,
    decision_surface as decision_surface,
    filters as filters,
    learning_curve as learning_curve,
    mistakes as mistakes,
)
from .internals import (
    attention as attention,
    feature_maps as feature_maps,
    is_causal as is_causal,
    prefix_forecasts as prefix_forecasts,
    prefix_probabilities as prefix_probabilities,
    saliency as saliency,
    state_path as state_path,
    states as states,
    units as units,
)
from .motion import Slider as Slider
from .network_step import backpropagation as backpropagation
from .recurrence import (
    bidirectional as bidirectional,
    threshold_states as threshold_states,
    unfolded as unfolded,
)
from .style import save as save
