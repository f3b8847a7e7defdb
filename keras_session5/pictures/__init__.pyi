from .by_hand import (
    decision_line as decision_line,
    kernel_patch as kernel_patch,
    pooling as pooling,
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
from .style import save as save
