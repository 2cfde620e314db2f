"""Pool sizes, decay rates and the Q10 of each pool, from respiration."""

from talik.pools.fit import PoolFit, fit_pool_model
from talik.pools.models import (
    POOL_MODELS,
    PoolModel,
    one_pool,
    one_pool_mean,
    one_pool_release,
    two_pool,
)
from talik.pools.table import fit_pools, pool_fits, pools_table

__all__ = [
    "POOL_MODELS",
    "PoolFit",
    "PoolModel",
    "fit_pool_model",
    "fit_pools",
    "one_pool",
    "one_pool_mean",
    "one_pool_release",
    "pool_fits",
    "pools_table",
    "two_pool",
]
