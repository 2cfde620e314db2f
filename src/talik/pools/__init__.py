"""Pool sizes, decay rates and the Q10 of each pool, from respiration."""

from talik.pools.batch import Series, from_cumulative
from talik.pools.comparison import akaike_weights, average_carbon_left, predict_averaged
from talik.pools.fit import fit_pool_model, fit_series
from talik.pools.models import (
    POOL_MODELS,
    PoolModel,
    one_pool,
    one_pool_mean,
    one_pool_release,
    two_pool,
)
from talik.pools.record import PoolFit
from talik.pools.table import SoilFits, fit_pools, pool_fits, pools_table

__all__ = [
    "POOL_MODELS",
    "PoolFit",
    "PoolModel",
    "Series",
    "SoilFits",
    "akaike_weights",
    "average_carbon_left",
    "fit_pool_model",
    "fit_pools",
    "fit_series",
    "from_cumulative",
    "one_pool",
    "one_pool_mean",
    "one_pool_release",
    "pool_fits",
    "pools_table",
    "predict_averaged",
    "two_pool",
]
