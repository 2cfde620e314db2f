"""Places: how alike neighbours are, what that does to an effect, and how to validate in spite of it."""

from talik.spatial.distances import great_circle
from talik.spatial.eigenvectors import SpatialPatterns, spatial_patterns
from talik.spatial.folds import Fold, spatial_folds
from talik.spatial.model import ExpectedErrors, SpatialFit, expected_errors, fit_spatial
from talik.spatial.moran import Moran, distance_band, inverse_distance, morans_i, morans_i_of_residuals, nearest

__all__ = [
    "ExpectedErrors",
    "Fold",
    "Moran",
    "SpatialFit",
    "SpatialPatterns",
    "distance_band",
    "expected_errors",
    "fit_spatial",
    "great_circle",
    "inverse_distance",
    "morans_i",
    "morans_i_of_residuals",
    "nearest",
    "spatial_folds",
    "spatial_patterns",
]
