"""Survey: sites, cores and samples, and what their place and depth say about permafrost."""

from talik.survey.conclude import conclude
from talik.survey.coordinates import check_coordinates
from talik.survey.layers import Layer, layer
from talik.survey.permafrost import Evidence, permafrost

__all__ = ["Evidence", "Layer", "check_coordinates", "conclude", "layer", "permafrost"]
