"""What sites and samples leave open about permafrost, concluded from what they say."""

import math
from collections.abc import Mapping

import pandas as pd

from talik.survey.layers import layer
from talik.survey.permafrost import permafrost


def conclude(
    sites: pd.DataFrame, samples: pd.DataFrame, organic_carbon: Mapping[str, float]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Fill permafrost of sites and layer of samples where they are empty, with the evidence.

    Parameters
    ----------
    sites, samples : DataFrame
        The tables of these names.
    organic_carbon : mapping of str to float
        Carbon content of samples, where it is known. [mg g⁻¹]

    Returns
    -------
    sites, samples : DataFrame
    """
    sites = sites.copy()
    for index, site in sites[sites["permafrost_evidence"] == ""].iterrows():
        found = permafrost(
            stated={"yes": True, "no": False}.get(site["permafrost"]), soil=site["soil_order"],
            active_layer_depth=site["active_layer_depth"], latitude=site["latitude"],
            mean_annual_temperature=site["mean_annual_temperature"], elevation=site["elevation"],
        )  # fmt: skip
        sites.loc[index, ["permafrost", "permafrost_evidence"]] = [found.permafrost, found.evidence]
    samples = samples.copy()
    places = sites.set_index("site")
    for index, sample in samples[samples["layer"] == ""].iterrows():
        if sample["site"] in places.index and sample["layer_evidence"] == "":
            site = places.loc[sample["site"]]
            here = layer(
                sample["depth_top"], sample["depth_bottom"], permafrost=site["permafrost"],
                active_layer_depth=site["active_layer_depth"], horizon=sample["horizon"],
                organic_carbon=organic_carbon.get(sample["sample"], math.nan),
            )  # fmt: skip
            samples.loc[index, ["layer", "layer_evidence"]] = [here.layer, here.evidence]
    return sites, samples
