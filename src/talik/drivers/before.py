"""What is to be known before anything is computed: how many, how alike, and what so few can find."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import optimize, special, stats
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

from talik.drivers.table import DriverTable
from talik.errors import InputError, listed

ALIKE = 0.7
"""Predictors whose |r| is at least this carry much the same information (Dormann et al. 2013). [-]"""
INFLATED = 10.0
"""A variance inflated by more than this leaves a coefficient hardly known. [-]"""
ILL_CONDITIONED = 30.0
"""A condition number above this shakes all coefficients (Belsley, Kuh and Welsch 1980). [-]"""
DEPENDENT = 1e-9
"""An eigenvalue below this is none. [-]"""
POWER = 0.8
"""Chance of finding that an analysis should have. [-]"""
_NODES = 200
_WIDE = 20.0


@dataclass(frozen=True)
class Collinearity:
    """How many samples there are, and how far their predictors can be told apart."""

    n: int
    """Number of samples."""
    sites: int
    """Number of sites."""
    variance_inflation: pd.Series
    """Of each column, 1/(1 - R²) of it by all others; infinite where it depends on them. [-]"""
    condition_number: float
    """Root of the largest over the least eigenvalue of their correlation matrix. [-]"""
    alike: tuple[tuple[str, ...], ...]
    """Columns whose |r| is at least 0.7 with each other; every set once."""
    dependent: tuple[str, ...]
    """Columns that together add to a constant, as shares that add to 100 % do."""
    smallest_correlation: float
    """Least |r| that so many sites find with 80 % power. [-]"""

    def sentences(self) -> list[str]:
        """What is to be minded, in words."""
        samples = f"{self.n} samples" if self.n == self.sites else f"{self.n} samples of {self.sites} sites"
        told = [
            f"{samples} find a correlation of {self.smallest_correlation:.2f} or more with 80 % power; what is weaker "
            "may be there and not be found."
        ]
        if self.dependent:
            told.append(
                f"{listed(self.dependent)} depend on each other exactly, as shares that add to 100 % do: leave one out."
            )
        for names in self.alike:
            told.append(f"{' and '.join(names)} carry much the same information: their effects are not told apart.")
        inflated = self.variance_inflation[(self.variance_inflation > INFLATED)]
        if len(inflated) and not self.dependent:
            found = [f"{name} ({value:.0f})" for name, value in inflated.items()]
            told.append(f"variance inflation is above {INFLATED:g} for {listed(found)}.")
        if ILL_CONDITIONED < self.condition_number < np.inf:
            told.append(f"the condition number is {self.condition_number:.0f}: small changes of the data move effects.")
        return told


def collinearity(table: DriverTable) -> Collinearity:
    r"""How far the predictors of a table can be told apart, and what its sites can find.

    .. math:: \mathrm{VIF}_j = (R^{-1})_{jj} = \frac{1}{1 - R_j^2}, \qquad
       \kappa = \sqrt{\lambda_{max} / \lambda_{min}}

    of the correlation matrix R of the predictors. Predictors are grouped by complete linkage, so that all pairs
    of a set are alike.

    Parameters
    ----------
    table : DriverTable
        Predictors.

    Returns
    -------
    Collinearity

    References
    ----------
    Dormann et al. (2013), Ecography 36, 27-46, doi 10.1111/j.1600-0587.2012.07348.x;
    Belsley, Kuh and Welsch (1980), Regression Diagnostics.

    Examples
    --------
    >>> from talik.drivers import driver_table
    >>> soils = pd.DataFrame({"ln_q10": [0.9, 1.0, 0.8, 0.7, 0.75, 1.1, 0.9], "clay": [8, 6, 12, 20, 15, 5.0, 9],
    ...                       "ph": [6.2, 7.5, 6.6, 7.4, 7.9, 6.6, 6.9]})
    >>> table = driver_table(soils, response="ln_q10", groups={"mineral": ["clay"], "environment": ["ph"]})
    >>> found = collinearity(table)
    >>> found.variance_inflation.round(2).to_dict(), found.alike, round(found.smallest_correlation, 2)
    ({'clay': 1.3, 'ph': 1.3}, (), 0.86)
    """
    columns = list(table.predictors.columns)
    r = np.corrcoef(table.predictors.to_numpy(float), rowvar=False).reshape(len(columns), len(columns))
    values, vectors = np.linalg.eigh(r)
    none = values < DEPENDENT
    dependent = tuple(c for c, part in zip(columns, np.abs(vectors[:, none]).max(axis=1, initial=0), strict=True)
                      if part > 1e-4)  # fmt: skip
    inflation = np.diag(np.linalg.inv(r)).copy() if not none.any() else _inflation(r, dependent, columns)
    sites = int(pd.unique(table.site).size)
    return Collinearity(
        n=table.n,
        sites=sites,
        variance_inflation=pd.Series(inflation, index=columns),
        condition_number=float(np.sqrt(values[-1] / values[0])) if not none.any() else np.inf,
        alike=_alike(r, columns),
        dependent=dependent,
        smallest_correlation=smallest_correlation(sites) if sites > 3 else np.nan,
    )


def _inflation(r: NDArray, dependent: tuple[str, ...], columns: list[str]) -> NDArray:
    """Variance inflation where some columns depend on each other: infinite for those."""
    inverse = np.diag(np.linalg.pinv(r, rcond=DEPENDENT, hermitian=True))
    return np.where([column in dependent for column in columns], np.inf, inverse)


def _alike(r: NDArray, columns: list[str]) -> tuple[tuple[str, ...], ...]:
    if len(columns) < 2:
        return ()
    distance = np.maximum(1 - np.abs(r), 0)
    np.fill_diagonal(distance, 0)
    label = fcluster(linkage(squareform(distance, checks=False), "complete"), 1 - ALIKE, "distance")
    sets = [tuple(c for c, own in zip(columns, label, strict=True) if own == one) for one in pd.unique(label)]
    return tuple(names for names in sets if len(names) > 1)


def power_of_correlation(correlation: float, n: int, *, controls: int = 0, alpha: float = 0.05) -> float:
    r"""Chance that n samples find a correlation, by the exact distribution of r of normal values.

    .. math:: f(r) = \frac{(n-2)\,\Gamma(n-1)\,(1-\rho^2)^{(n-1)/2}(1-r^2)^{(n-4)/2}}
       {\sqrt{2\pi}\,\Gamma(n-\tfrac12)\,(1-\rho r)^{n-3/2}}\;
       {}_2F_1\big(\tfrac12, \tfrac12; n - \tfrac12; \tfrac{1+\rho r}{2}\big)

    beyond the critical :math:`|r|` of the two-sided t-test. A partial correlation that holds k columns is one
    of n - k samples.

    Parameters
    ----------
    correlation : float
        The true one. [-]
    n : int
        Number of samples, or of sites where samples of a site are alike; at least 4 above the controls.
    controls : int, default 0
        Columns that are held.
    alpha : float, default 0.05
        Level of the test.

    Returns
    -------
    float

    References
    ----------
    Hotelling (1953), J. R. Stat. Soc. B 15, 193-232, doi 10.1111/j.2517-6161.1953.tb00135.x.

    Examples
    --------
    >>> round(power_of_correlation(0.5, 24), 3), round(power_of_correlation(0.0, 24), 3)
    (0.73, 0.05)
    """
    n = n - controls
    if n < 4:
        raise InputError(
            f"a correlation of {n} samples has no distribution; at least 4 are needed beside the controls."
        )
    t = stats.t.ppf(1 - alpha / 2, n - 2)
    critical = t / np.sqrt(n - 2 + t**2)
    rho = float(correlation)
    log_scale = (
        np.log(n - 2) + special.gammaln(n - 1) - special.gammaln(n - 0.5) + (n - 1) / 2 * np.log1p(-(rho**2))
        - 0.5 * np.log(2 * np.pi)
    )  # fmt: skip
    node, weight = np.polynomial.legendre.leggauss(_NODES)
    # In Fisher's z the density is one bell, about so wide at every correlation.
    far = _WIDE / np.sqrt(n - 3)

    def mass(low: float, high: float) -> float:
        start, end = max(low, np.arctanh(rho) - far), min(high, np.arctanh(rho) + far)
        if start >= end:
            return 0.0
        z = start + (end - start) * (node + 1) / 2
        r = np.tanh(z)
        log_rest = -2 * (np.logaddexp(z, -z) - np.log(2))
        log_density = (n - 4) / 2 * log_rest - (n - 1.5) * np.log1p(-rho * r)
        hyper = special.hyp2f1(0.5, 0.5, n - 0.5, (1 + rho * r) / 2)
        return float((end - start) / 2 * np.sum(weight * np.exp(log_scale + log_density + log_rest) * hyper))

    return mass(np.arctanh(critical), np.inf) + mass(-np.inf, -np.arctanh(critical))


def smallest_correlation(n: int, *, controls: int = 0, power: float = POWER, alpha: float = 0.05) -> float:
    """Least |r| that n samples find with the power asked for.

    Parameters
    ----------
    n : int
        Number of samples, or of sites where samples of a site are alike.
    controls : int, default 0
        Columns that are held.
    power : float, default 0.8
        Chance of finding it.
    alpha : float, default 0.05
        Level of the test.

    Returns
    -------
    float

    Examples
    --------
    >>> round(smallest_correlation(24), 2), round(smallest_correlation(24, controls=4), 2)
    (0.54, 0.58)
    """
    return float(
        optimize.brentq(
            lambda r: power_of_correlation(r, n, controls=controls, alpha=alpha) - power, 1e-6, 1 - 1e-6, xtol=1e-8
        )
    )


def samples_for_correlation(
    correlation: float, *, controls: int = 0, power: float = POWER, alpha: float = 0.05, most: int = 100_000
) -> int:
    """Samples that find a correlation with the power asked for.

    Parameters
    ----------
    correlation : float
        The true one; its sign does not matter. [-]
    controls : int, default 0
        Columns that are held.
    power : float, default 0.8
        Chance of finding it.
    alpha : float, default 0.05
        Level of the test.
    most : int, default 100000
        Where the search ends.

    Returns
    -------
    int
        ``most`` where even those do not suffice.

    Examples
    --------
    >>> samples_for_correlation(0.5), samples_for_correlation(0.3)
    (29, 84)
    """
    low, high = 4 + controls, most

    def found(n: int) -> float:
        return power_of_correlation(abs(correlation), n, controls=controls, alpha=alpha)

    if abs(correlation) < 1e-6 or found(high) < power:
        return most
    while low < high:
        middle = (low + high) // 2
        if found(middle) >= power:
            high = middle
        else:
            low = middle + 1
    return low
