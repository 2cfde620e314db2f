"""Coverage of what talik prints besides single Q10: layers compared, trends along an incubation, one constant Q10."""

from itertools import chain

import pandas as pd

from calibration import contrast_drift, contrast_layers, contrast_sensitivity


def table() -> pd.DataFrame:
    """One row a design and measure; estimates and truths of layers and drift are logarithms."""
    return pd.DataFrame(chain(contrast_layers.rows(), contrast_drift.rows(), contrast_sensitivity.rows()))
