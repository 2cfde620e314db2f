"""A synthetic transect: soils whose drivers of Q10 are known, to prove methods and to learn on. No soil was measured.

The design is that of the published study on the Tibetan Plateau (24 sites along 1,000 km, active and permafrost
layer, four groups of drivers); its signs are the published ones (mineral protection lowers Q10, microbial abundance
and activity raise it, diversity lowers it); every number is made up.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.signal import lfilter

from talik.errors import SettingsError, itemised

SYNTHETIC = "synthetic: made by talik's generator, no soil was measured"
"""What every table and figure of a synthetic transect says."""

MEMBERS: Mapping[str, tuple[str, str]] = {
    "environment": ("moisture", "ph"),
    "mineral": ("feox", "caex"),
    "substrate": ("carbohydrate", "doc"),
    "abundance": ("plfa", "copies_16s"),
    "activity": ("bg", "nag"),
    "diversity": ("shannon", "richness"),
}
"""The two columns of each subgroup, subgroups in causal order."""

GROUPS: Mapping[str, tuple[str, ...]] = {
    "mineral": ("mineral",),
    "microbial": ("abundance", "activity", "diversity"),
    "substrate": ("substrate",),
    "environment": ("environment",),
}
"""Subgroups of each group."""

CAUSES: Mapping[str, Mapping[str, float]] = {
    "environment": {},
    "mineral": {"environment": 0.3},
    "substrate": {"environment": 0.2, "mineral": -0.4},
    "abundance": {"mineral": -0.2, "substrate": 0.4},
    "activity": {"abundance": 0.4, "substrate": 0.2},
    "diversity": {"environment": 0.3},
}
"""Effects of subgroups on one another, in standard deviations of each. [-]"""

PATHS = (
    "mineral ~ environment; substrate ~ environment + mineral; abundance ~ mineral + substrate; "
    "activity ~ abundance + substrate; diversity ~ environment; "
    "logq10 ~ environment + mineral + substrate + abundance + activity + diversity"
)
"""The path model that the generator follows."""

SIGNS: Mapping[str, float] = {"mineral": -0.12, "abundance": 0.12, "activity": 0.10, "diversity": -0.12}
"""Direct effects on ln Q10 per standard deviation of a subgroup; the others have none."""

LOADING = 0.9
"""Correlation of a column with its subgroup; two columns correlate by 2 x 0.9² - 1 = 0.62. [-]"""

START, BEARING = (36.5, 99.0), 235.0
"""Where a transect begins (latitude, longitude) and where it leads. [degrees]"""

EARTH_RADIUS = 6371.0088
"""Mean radius of the earth. [km]"""

_SCALES: Mapping[str, tuple[float, float]] = {
    "moisture": (22.0, 0.35), "ph": (7.6, 0.06), "feox": (2.1, 0.4), "caex": (6.5, 0.45), "carbohydrate": (31.0, 0.2),
    "doc": (0.45, 0.4), "plfa": (18.0, 0.5), "copies_16s": (3.2e9, 0.6), "bg": (42.0, 0.5),
    "nag": (11.0, 0.5), "shannon": (5.8, 0.12), "richness": (1450.0, 0.25),
}  # fmt: skip
"""Median and spread of the logarithm of each column: believable, and made up."""


@dataclass(frozen=True)
class TransectDesign:
    """What a synthetic transect is made of."""

    sites: int = 24
    """Sites, equally far from one another."""
    length: float = 1000.0
    """From the first site to the last. [km]"""
    layers: tuple[str, ...] = ("active", "permafrost")
    """Layers that are sampled at each site."""
    effects: Mapping[str, float] = field(default_factory=lambda: dict(SIGNS))
    """Direct effect of a subgroup on ln Q10 per standard deviation; a subgroup not named has none."""
    active_effects: Mapping[str, float] | None = None
    """The same in the active layer; as in the permafrost layer where not given."""
    collinearity: float = 0.0
    """Part of the variance of every subgroup, beyond what causes it, that comes from one hidden factor. [-]"""
    trend: float = 0.4
    """Correlation of the environment with the distance along the transect. [-]"""
    patches: float = 0.3
    """Part of the variance of each subgroup, beyond what causes it, that is correlated in space. [-]"""
    shared: float = 0.3
    """Part of that variance that the layers of a site share. [-]"""
    spatial: float = 0.06
    """Standard deviation of ln Q10 that is correlated in space and that nothing measured explains."""
    reach: float = 60.0
    """Distance at which correlations in space have fallen to 1/e. [km]"""
    site: float = 0.05
    """Standard deviation of ln Q10 between sites."""
    noise: float = 0.09
    """Standard deviation of ln Q10 between samples of a site."""
    error: float = 0.06
    """Median standard error that the Q10 of a sample is known with, as of ln Q10."""

    def __post_init__(self):
        named = {*self.effects, *(self.active_effects or {})}
        wrong = [f"effect of unknown subgroup {name}" for name in sorted(named - set(MEMBERS))]
        wrong += [f"{name} is {getattr(self, name)}, not within 0 and 1" for name in ("collinearity", "patches",
                  "shared") if not 0 <= getattr(self, name) <= 1]  # fmt: skip
        wrong += [f"trend is {self.trend}, not within -1 and 1"] if not -1 < self.trend < 1 else []
        wrong += ["patches and shared add to more than 1"] if self.patches + self.shared > 1 else []
        wrong += [f"{name} is {getattr(self, name)}, below 0" for name in ("spatial", "site", "noise", "error")
                  if getattr(self, name) < 0]  # fmt: skip
        wrong += [f"{self.sites} sites; at least 3 are needed"] if self.sites < 3 else []
        wrong += ["length and reach must be above 0"] if min(self.length, self.reach) <= 0 else []
        if wrong:
            raise SettingsError(f"A synthetic transect cannot be made of this:\n{itemised(wrong)}", wrong)

    @property
    def spacing(self) -> float:
        """Distance of neighbouring sites. [km]"""
        return self.length / (self.sites - 1)

    def effects_in(self, layer: str) -> dict[str, float]:
        """Direct effects on ln Q10 per standard deviation of each subgroup, zeros included."""
        given = self.active_effects if layer == "active" and self.active_effects is not None else self.effects
        return {name: float(given.get(name, 0.0)) for name in MEMBERS}


@dataclass(frozen=True)
class Transect:
    """A synthetic transect before it is written as a table."""

    distance: NDArray[np.float64]
    """Distance of each site along the transect, shape (sites,). [km]"""
    subgroups: NDArray[np.float64]
    """Every subgroup in each layer of each site, in standard deviations, shape (layers, subgroups, sites)."""
    columns: NDArray[np.float64]
    """Two columns of each subgroup, in standard deviations, shape (layers, subgroups, 2, sites)."""
    true: NDArray[np.float64]
    """ln Q10 without error, shape (layers, sites)."""
    measured: NDArray[np.float64]
    """ln Q10 as measured, shape (layers, sites)."""
    error: NDArray[np.float64]
    """Its standard error, shape (layers, sites)."""


def simulate_transect(design: TransectDesign, seed: int) -> Transect:
    r"""Draw a synthetic transect.

    A subgroup is the sum of its causes and of a part of its own, which is patchy in space, shared by the layers
    of a site, or neither. Two columns measure it, :math:`x = \lambda c \pm \sqrt{1 - \lambda^2}\, d`, so that the
    mean of both is the subgroup itself: what a first component finds is exactly what acts. Then

    .. math:: \ln Q_{10} = \mu + \sum_k \beta_k c_k + s(x) + u_{site} + e, \quad
        \operatorname{cov}(s(x), s(x')) = \sigma_s^2 e^{-|x - x'| / \rho}

    Parameters
    ----------
    design : TransectDesign
        What it is made of.
    seed : int
        Seed of the draw.

    Returns
    -------
    Transect

    Examples
    --------
    >>> made = simulate_transect(TransectDesign(), seed=1)
    >>> made.measured.shape, float(made.distance[-1])
    ((2, 24), 1000.0)
    """
    rng = np.random.default_rng(seed)
    distance = np.linspace(0.0, design.length, design.sites)
    subgroups = _subgroups(design, distance, rng)
    apart = rng.standard_normal((*subgroups.shape[:2], 1, design.sites)) * (1 - LOADING**2) ** 0.5
    columns = LOADING * subgroups[:, :, None, :] + np.concatenate([apart, -apart], axis=2)
    effects = np.array([list(design.effects_in(layer).values()) for layer in design.layers])
    common = design.spatial * _patchy(design, 1, rng)[0] + design.site * rng.standard_normal(design.sites)
    true = 0.9 + np.einsum("lk,lks->ls", effects, subgroups) + common
    true = true + design.noise * rng.standard_normal(true.shape)
    # Errors of Q10 differ between soils by a factor of about two, as those of small fluxes are larger.
    error = design.error * np.exp(0.35 * rng.standard_normal(true.shape))
    return Transect(distance, subgroups, columns, true, true + error * rng.standard_normal(true.shape), error)


def _subgroups(design: TransectDesign, distance: NDArray, rng: np.random.Generator) -> NDArray:
    """Subgroups of unit variance, shape (layers, subgroups, sites)."""
    layers, sites, k = len(design.layers), design.sites, len(MEMBERS)
    along = np.broadcast_to(12**0.5 * (distance / distance[-1] - 0.5), (layers, 1, sites))
    hidden = rng.standard_normal((layers, 1, sites))
    own = (1 - design.patches - design.shared) ** 0.5 * rng.standard_normal((layers, k, sites))
    own += design.shared**0.5 * rng.standard_normal((k, sites))
    own += design.patches**0.5 * _patchy(design, k, rng)
    return np.einsum("kj,ljs->lks", sources(design), np.concatenate([along, hidden, own], axis=1))


def sources(design: TransectDesign) -> NDArray[np.float64]:
    """Weight of each independent source in each subgroup: place, the hidden factor, and what is each one's own.

    Parameters
    ----------
    design : TransectDesign
        What the transect is made of.

    Returns
    -------
    ndarray, shape (subgroups, 2 + subgroups)
        Every source and every subgroup has unit variance, so a row times its transpose is 1, and that of two
        rows is the correlation of two subgroups.

    Examples
    --------
    >>> weights = sources(TransectDesign())
    >>> (weights @ weights.T)[2].round(2).tolist()
    [0.08, -0.34, 1.0, 0.47, 0.39, 0.02]
    """
    weights = np.zeros((len(MEMBERS), 2 + len(MEMBERS)))
    for i, (name, causes) in enumerate(CAUSES.items()):
        caused = np.array([causes.get(other, 0.0) for other in MEMBERS]) @ weights
        caused[0] += design.trend if name == "environment" else 0.0
        own = np.zeros_like(caused)
        own[1], own[2 + i] = design.collinearity**0.5, (1 - design.collinearity) ** 0.5
        # What is missing to unit variance, beside causes that share the hidden factor.
        overlap = float(caused @ own)
        weights[i] = caused + ((overlap**2 + 1 - caused @ caused) ** 0.5 - overlap) * own
    return weights


def _patchy(design: TransectDesign, series: int, rng: np.random.Generator) -> NDArray:
    """Series correlated exponentially along the transect, unit variance, shape (series, sites)."""
    kept = np.exp(-design.spacing / design.reach)
    steps = rng.standard_normal((series, design.sites))
    steps[:, 1:] *= (1 - kept**2) ** 0.5
    return lfilter([1.0], [1.0, -kept], steps, axis=1)


def transect_table(design: TransectDesign, seed: int) -> pd.DataFrame:
    """A synthetic transect as the table that a laboratory would bring.

    Parameters
    ----------
    design : TransectDesign
        What it is made of.
    seed : int
        Seed of the draw.

    Returns
    -------
    DataFrame
        A row a sample: ``source`` (says that it is synthetic), ``site``, ``sample``, ``layer``, ``latitude``,
        ``longitude``, ``distance`` [km], ``logq10`` (natural logarithm of Q10), ``logq10_error``, and twelve
        drivers whose magnitudes are believable and whose values are made up.

    Examples
    --------
    >>> table = transect_table(TransectDesign(sites=3), seed=1)
    >>> table[["site", "layer", "logq10"]].round(2).values.tolist()[:2]
    [['site 1', 'active', 1.12], ['site 1', 'permafrost', 1.44]]
    """
    made = simulate_transect(design, seed)
    latitude, longitude = _places(made.distance)
    site = [f"site {i + 1}" for i in range(design.sites)]
    frames = []
    for k, layer in enumerate(design.layers):
        columns = {"source": SYNTHETIC, "site": site, "sample": [f"{name} {layer}" for name in site], "layer": layer,
                   "latitude": latitude, "longitude": longitude, "distance": made.distance,
                   "logq10": made.measured[k], "logq10_error": made.error[k]}  # fmt: skip
        for i, members in enumerate(MEMBERS.values()):
            columns |= {name: _believable(name, made.columns[k, i, j]) for j, name in enumerate(members)}
        frames.append(pd.DataFrame(columns))
    return pd.concat(frames).sort_values("distance", kind="stable", ignore_index=True)


def _believable(name: str, standard: NDArray) -> NDArray:
    """A column in the magnitude of its property; only its logarithm is linear in the driver."""
    median, spread = _SCALES[name]
    return median * np.exp(spread * standard)


def _places(distance: NDArray) -> tuple[NDArray, NDArray]:
    """Latitude and longitude along a great circle. [degrees]"""
    first, second = np.radians(START)
    angle, bearing = distance / EARTH_RADIUS, np.radians(BEARING)
    sine = np.sin(first) * np.cos(angle) + np.cos(first) * np.sin(angle) * np.cos(bearing)
    east = np.arctan2(np.sin(bearing) * np.sin(angle) * np.cos(first), np.cos(angle) - np.sin(first) * sine)
    return np.degrees(np.arcsin(sine)), np.degrees(second + east)


MANY_SITES = 1_000_000
"""Sites at which an effect is taken as true."""


def many_sites(design: TransectDesign, seed: int = 0) -> Transect:
    """The same transect at a million sites that lie as far apart, so that only what is true is left.

    Parameters
    ----------
    design : TransectDesign
        What the transect is made of.
    seed : int, default 0
        Seed of the draw.

    Returns
    -------
    Transect
    """
    return simulate_transect(replace(design, sites=MANY_SITES, length=design.spacing * (MANY_SITES - 1)), seed)


def true_total_effects(design: TransectDesign, layer: str) -> dict[str, float]:
    r"""Total effect of each subgroup on ln Q10 per standard deviation: what changes when it alone is moved.

    .. math:: 	au = (I - B^T)^{-1} eta

    with B the effects of subgroups on one another and :math:`eta` the direct ones on ln Q10. Without
    collinearity it is what a path model finds at a million sites; with it, the hidden factor is taken for paths.

    Parameters
    ----------
    design : TransectDesign
        What the transect is made of.
    layer : str
        Layer, as effects may differ.

    Returns
    -------
    dict of str to float

    Examples
    --------
    >>> true = true_total_effects(TransectDesign(), "permafrost")
    >>> {name: round(value, 3) for name, value in true.items() if name in ("mineral", "abundance")}
    {'mineral': -0.186, 'abundance': 0.16}
    """
    between = np.array([[causes.get(other, 0.0) for other in MEMBERS] for causes in CAUSES.values()])
    direct = np.array(list(design.effects_in(layer).values()))
    return dict(zip(MEMBERS, np.linalg.solve(np.eye(len(MEMBERS)) - between.T, direct).tolist(), strict=True))
