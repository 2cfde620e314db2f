"""Carbon released since the start: respiration added up over time, with its error."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from scipy import stats

from talik.errors import SettingsError, TableError, itemised, listed
from talik.tables import empty, typed

_OF = {
    "respiration": "release",
    "specific_respiration": "specific_release",
    "organic_matter_respiration": "organic_matter_release",
    "jar_respiration": "jar_release",
}

FIRST_INTERVALS = {"hold": 1.0, "linear": 0.5, "none": 0.0}
"""How the time before the first reading is filled, and the share of its rate that it gets."""

GAPS = {"mean": (0.5, 0.5), "hold": (1.0, 0.0), "none": (0.0, 0.0)}
"""How a gap between intervals is filled, and the shares of the rates before and after that it gets."""

FirstInterval = Literal["hold", "linear", "none"]
Gaps = Literal["mean", "hold", "none"]

STEP = "step of the curve"
"""Method of rates that are steps of a cumulative curve."""

ROUNDED = 0.01
"""Overlap of two intervals that is taken for rounding of their times, in parts of the shorter."""


def trapezoid_weights(time):
    r"""Weights that turn instantaneous rates into the release up to each time.

    The release is the trapezoid of the rates; before the first reading the first rate is held
    back to the start:

    .. math:: R_i = r_1 t_1 + \sum_{j=2}^{i} \tfrac{1}{2} (r_{j-1} + r_j)(t_j - t_{j-1})

    Parameters
    ----------
    time : array_like, shape (n,)
        Times of the readings, rising. [d]

    Returns
    -------
    ndarray, shape (n, n)
        Row i holds the weights of the rates in the release at time i. [d]

    Examples
    --------
    >>> trapezoid_weights([1.0, 3.0])
    array([[1., 0.],
           [2., 1.]])
    """
    time = np.asarray(time, float)
    half = 0.5 * np.diff(time)
    weights = np.zeros((time.size, time.size))
    for i in range(time.size):
        weights[i:, i] += half[i - 1] if i else time[0]
        if i + 1 < time.size:
            weights[i + 1 :, i] += half[i]
    return weights


def interval_weights(start, end):
    """Weights that turn mean rates of intervals into the release up to the end of each.

    Parameters
    ----------
    start, end : array_like, shape (n,)
        Ends of the intervals, in order. [d]

    Returns
    -------
    ndarray, shape (n, n)
        Row i holds the weights of the rates in the release at the end of interval i. [d]
    """
    return np.tril(np.broadcast_to(np.asarray(end, float) - np.asarray(start, float), (len(end), len(end))))


def overlapping(respiration: pd.DataFrame) -> pd.DataFrame:
    """Rows whose interval ends before it starts, or starts before an earlier one of the jar and gas has ended.

    Their carbon would be counted twice. An overlap of less than a hundredth of the shorter interval is rounding.

    Parameters
    ----------
    respiration : DataFrame
        The table ``respiration``.

    Returns
    -------
    DataFrame
        These rows, with their index, in the order of the table.

    Examples
    --------
    >>> rates = pd.DataFrame({"jar": "a", "time": [0.5, 1.5], "time_start": [0.0, 0.0], "time_end": [1.0, 3.0]})
    >>> overlapping(rates)
      jar  time  time_start  time_end
    1   a   1.5         0.0       3.0
    """
    if not {"time_start", "time_end"} <= set(respiration.columns):
        return respiration.iloc[:0]
    rows = respiration.reset_index(drop=True)
    rows = rows.assign(gas=rows.get("gas", "")).dropna(subset=["time_start", "time_end"])
    rows = rows.sort_values(["time_start", "time_end"], kind="stable")
    length = rows["time_end"] - rows["time_start"]

    def earlier(values: pd.Series) -> pd.Series:
        return values.groupby([rows["jar"], rows["gas"]], sort=False, dropna=False).shift()

    ended = rows.groupby(["jar", "gas"], sort=False, dropna=False)["time_end"].cummax()
    rounding = np.fmax(ROUNDED * np.fmin(length, earlier(length)), 1e-9)
    over = earlier(ended) - rows["time_start"] > rounding
    return respiration.iloc[np.sort(rows.index[over | (length < 0)])]


def release(respiration: pd.DataFrame, *, first_interval: FirstInterval = "hold", gaps: Gaps = "mean") -> pd.DataFrame:
    r"""Carbon released by each jar since the start of its incubation.

    Mean rates of intervals are added up; instantaneous rates are integrated by trapezoid. The release is linear in
    the rates, :math:`R = W r`, and so is what is filled in before the first and between two intervals, as the column
    `filled` says. A row without a rate is as one that is not there.

    Rates of jars that were read (with `sd_shared`) have independent errors, errors that neighbours share because
    they share a reading, and errors that all share:

    .. math:: var(R) = W \, \left( diag(s_j^2 - c_j^2) + cov(r_{j-1}, r_j) + c \, c^T \right) \, W^T

    with c_j `sd_shared`. Means of replicates (without `sd_shared`) are those of jars that respire more or less than
    the others throughout, so their errors add up in full:

    .. math:: s(R_i) = \sum_j w_{ij} \, s_j / \sqrt{n_j}

    A standard deviation of zero tells nothing of a rate that is not zero, and `sd` is empty then. Steps of a cumulative
    curve carry only what the curve's own error grew by, so their squares add up.

    Parameters
    ----------
    respiration : DataFrame
        The table ``respiration``.
    first_interval : {"hold", "linear", "none"}, default "hold"
        Time before the first reading: its rate held back to day 0, a rate that rises from zero on day 0, or nothing
        counted.
    gaps : {"mean", "hold", "none"}, default "mean"
        Time between two intervals: the mean of the rates before and after, the rate before, or nothing counted.

    Returns
    -------
    DataFrame
        The table ``release``. Its `sd`, and `lower` and `upper` (95 %) of jars that were read, are in the unit of
        the first basis that is filled.

    Raises
    ------
    TableError
        For intervals of a jar that overlap or end before they start, times that are missing or before the start, and
        rates that are infinite.
    SettingsError
        For fillings that are none.

    Examples
    --------
    >>> rates = pd.DataFrame({"jar": "a", "time": [1.0, 3.0], "temperature": 5.0, "respiration": [4.0, 2.0]})
    >>> list(release(rates)["release"])
    [4.0, 10.0]
    >>> list(release(rates, first_interval="none")["release"])
    [0.0, 6.0]
    """
    _check(first_interval, gaps)
    _refuse_impossible(respiration)
    rows = _with_columns(respiration)
    rows = rows[rows[list(_OF)].notna().any(axis=1)]
    parts = [_of_jar(jar, first_interval, gaps) for _, jar in rows.groupby(["jar", "gas"], sort=False, dropna=False)]
    return typed("release", pd.concat(parts)) if parts else empty("release")


def release_covariance(
    respiration: pd.DataFrame, *, first_interval: FirstInterval = "hold", gaps: Gaps = "mean"
) -> pd.DataFrame:
    """Covariance of the release of one jar between all its times.

    Cumulative values share the rates before them, so that a fit to them needs the whole matrix.

    Parameters
    ----------
    respiration : DataFrame
        Rows of the table ``respiration`` of one jar and gas.
    first_interval, gaps : str
        As in ``release``.

    Returns
    -------
    DataFrame
        Square, with the times of the release as rows and columns, in the unit of `sd` squared.

    Raises
    ------
    TableError
        If there are several jars or gases, or none with a rate; and as in ``release``.
    SettingsError
        For fillings that are none.

    Examples
    --------
    >>> rates = pd.DataFrame({"jar": "a", "time_start": [0.0, 1.0], "time_end": [1.0, 3.0], "time": [0.5, 2.0],
    ...     "temperature": 5.0, "respiration": [4.0, 2.0], "sd": [0.3, 0.2], "sd_shared": 0.0})
    >>> release_covariance(rates).round(2).to_numpy()
    array([[0.09, 0.09],
           [0.09, 0.25]])
    """
    _check(first_interval, gaps)
    _refuse_impossible(respiration)
    rows = _with_columns(respiration)
    rows = rows[_first_told(rows).notna()]
    names = rows[["jar", "gas"]].drop_duplicates()
    if len(names) != 1:
        raise TableError(
            f"a covariance is that of one jar and gas, and there are {len(names)}: "
            f"{listed([' '.join(filter(None, map(str, row))) for row in names.to_numpy()]) or 'no row has a rate'}",
            names["jar"].unique(),
        )
    rows = rows.sort_values("time", kind="stable")
    summed = _summed(rows, first_interval, gaps)
    covariance = summed.weights @ _covariance(rows) @ summed.weights.T
    return pd.DataFrame(covariance, index=summed.time, columns=summed.time)


def _check(first_interval: str, gaps: str) -> None:
    for name, value, known in (("first_interval", first_interval, FIRST_INTERVALS), ("gaps", gaps, GAPS)):
        if value not in known:
            raise SettingsError(f"{name} is {value!r}; it is one of {listed(list(known))}", [value])


def _refuse_impossible(respiration: pd.DataFrame) -> None:
    """Refuse intervals, times and rates that cannot be added up."""
    rows = respiration.reset_index(drop=True)
    time, start = (rows.reindex(columns=[name])[name].to_numpy(float) for name in ("time", "time_start"))
    reasons = pd.Series("", index=rows.index)
    for row in overlapping(rows).itertuples():
        wrong = "ends before it starts" if row.time_end < row.time_start else "starts before an earlier one has ended"
        reasons[row.Index] = f"its interval, {row.time_start:g} to {row.time_end:g} d, {wrong}"
    reasons[np.isinf(rows.reindex(columns=list(_OF)).to_numpy(float)).any(axis=1)] = "its rate is infinite"
    reasons[(time < 0) | (start < 0)] = "it is before the start of the incubation"
    reasons[~np.isfinite(time)] = "its time is missing or infinite"
    wrong = rows[reasons != ""]
    if len(wrong):
        where = [f"jar {jar} at {day:g} d" for jar, day in zip(wrong["jar"], wrong["time"], strict=True)]
        raise TableError(
            "rates are added up over times from day 0 on and over intervals of a jar that follow one another; mend or "
            f"leave out\n{itemised([f'{at}: {reasons[i]}' for at, i in zip(where, wrong.index, strict=True)])}",
            where,
        )


_NEEDED = (
    "study", "jar", "gas", "time", "time_start", "time_end", "temperature", "sd", "sd_shared", "covariance_before",
    "lower", "upper", "n", "method", "doi", "licence",
)  # fmt: skip


def _with_columns(respiration: pd.DataFrame) -> pd.DataFrame:
    return respiration.reindex(columns=[*dict.fromkeys([*respiration.columns, *_OF, *_NEEDED])])


@dataclass(frozen=True)
class _Summed:
    """How the rates of one jar add up."""

    time: np.ndarray
    """Times of the release. [d]"""
    weights: np.ndarray
    """Row i holds the weights of the rates in the release at time i. [d]"""
    of_rate: np.ndarray
    """The rate that the row of each time is described by."""
    filled: list[str]
    """What was filled in up to each time, in words."""


_HELD_BACK = {
    "hold": "first rate held back to day 0",
    "linear": "rate rises from zero on day 0 to the first",
    "none": "nothing counted before the first reading",
}

_BRIDGED = {
    "mean": "gap bridged by the mean of its neighbours",
    "hold": "gap bridged by the rate before it",
    "none": "nothing counted in a gap of {days:g} d",
}

FILLED_IN = tuple(words[how] for words in (_HELD_BACK, _BRIDGED) for how in words if how != "none")
"""Words of the column `filled` at times up to which carbon was counted that was not read."""


def _summed(rows: pd.DataFrame, first_interval: FirstInterval, gaps: Gaps) -> _Summed:
    """Weights of the rates of one jar, in order of time."""
    if rows[["time_start", "time_end"]].notna().all(axis=None):
        return _of_intervals(rows, first_interval, gaps)
    time = rows["time"].to_numpy(float)
    weights = trapezoid_weights(time)
    weights[:, 0] -= (1 - FIRST_INTERVALS[first_interval]) * time[0]
    filled = [""] * time.size
    filled[0] = _HELD_BACK[first_interval] if time[0] > 0 else ""
    return _Summed(time, weights, np.arange(time.size), filled)


def _of_intervals(rows: pd.DataFrame, first_interval: FirstInterval, gaps: Gaps) -> _Summed:
    """Weights of intervals, with a time at the end of each gap that is bridged."""
    start, end = rows["time_start"].to_numpy(float), rows["time_end"].to_numpy(float)
    size = len(rows)
    total = np.zeros(size)
    made: list[tuple[float, np.ndarray, int, str]] = []
    told = ""
    for i in range(size):
        since = start[0] if i == 0 else start[i] - end[i - 1]
        if i == 0 and since > 1e-9:
            total[0] += FIRST_INTERVALS[first_interval] * since
            told = _HELD_BACK[first_interval]
        elif since > 1e-9:
            total[[i - 1, i]] += np.multiply(GAPS[gaps], since)
            told = _BRIDGED[gaps].format(days=since)
            if gaps != "none":
                made.append((start[i], total.copy(), i - 1, told))
                told = ""
        total[i] += end[i] - start[i]
        made.append((end[i], total.copy(), i, told))
        told = ""
    time, weights, of_rate, filled = zip(*made, strict=True)
    return _Summed(np.array(time), np.array(weights), np.array(of_rate), list(filled))


def _of_jar(rows: pd.DataFrame, first_interval: FirstInterval, gaps: Gaps) -> pd.DataFrame:
    """Release of one jar and gas; rates of each basis are added up over the rows that have them."""
    rows = rows.sort_values("time", kind="stable")
    told = rows[list(_OF)].notna()
    alike: dict[tuple[bool, ...], list[str]] = {}
    for rate in told.columns[told.any()]:
        alike.setdefault(tuple(told[rate]), []).append(rate)
    first, *others = (_of_told(rows[list(where)], first_interval, gaps, rates) for where, rates in alike.items())
    for other in others:  # errors are those of the first
        first = pd.concat([first, other.drop(columns=["sd", "lower", "upper", "filled"])]).groupby("time").first()
        first = first.reset_index()
    return first


def _of_told(rows: pd.DataFrame, first_interval: FirstInterval, gaps: Gaps, rates: list[str]) -> pd.DataFrame:
    """Release of one jar by rates that every row has."""
    summed = _summed(rows, first_interval, gaps)
    released = {_OF[rate]: summed.weights @ rows[rate].to_numpy(float) for rate in rates}
    sd, half = _errors(rows, summed.weights)
    told = next(iter(released.values()))
    described = rows[["study", "jar", "gas", "temperature", "doi", "licence"]].iloc[summed.of_rate]
    return described.assign(
        time=summed.time, **released, sd=sd, lower=told - half, upper=told + half, filled=summed.filled
    )


def replicate_errors(rows: pd.DataFrame) -> np.ndarray:
    r"""Standard errors of means of replicates, :math:`s_j / \sqrt{n_j}`; NaN where nothing tells them.

    Replicates never agree entirely, so that a standard deviation of zero beside a rate that is not zero is one that was
    not counted or was rounded away. A step of a cumulative curve may add no error. Numbers of replicates that are
    missing, infinite or below one tell of one jar.

    Parameters
    ----------
    rows : DataFrame
        Rows of the table ``respiration``.

    Returns
    -------
    ndarray, shape (rows,)
        In the unit of `sd`.

    Examples
    --------
    >>> rows = pd.DataFrame({"respiration": [2.0, 2.0, 0.0, 2.0], "sd": [0.4, 0.0, 0.0, 0.4], "n": [4, 4, 4, np.nan]})
    >>> replicate_errors(rows)
    array([0.2, nan, 0. , 0.4])
    """
    rows = rows.reindex(columns=[*_OF, "sd", "n", "method"])
    sd, n = rows["sd"].to_numpy(float), rows["n"].to_numpy(float)
    may_be_zero = (rows[list(_OF)] == 0).any(axis=1).to_numpy() | (rows["method"] == STEP).to_numpy()
    told = np.isfinite(sd) & ((sd > 0) | ((sd == 0) & may_be_zero))
    return np.where(told, sd, np.nan) / np.sqrt(np.where(np.isfinite(n), np.fmax(n, 1.0), 1.0))


def _errors(rows: pd.DataFrame, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Standard error of each release, and half its 95 % interval where jars were read."""
    unknown = np.full(len(weights), np.nan)
    if not rows["sd_shared"].notna().all():
        errors = replicate_errors(rows)
        steps = bool((rows["method"] == STEP).any())
        return (np.sqrt(weights**2 @ errors**2) if steps else weights @ errors), unknown
    variance = np.einsum("ij,jk,ik->i", weights, _covariance(rows), weights)
    own = rows["sd"].to_numpy(float) ** 2 - rows["sd_shared"].to_numpy(float) ** 2
    with np.errstate(invalid="ignore", divide="ignore"):
        below = (weights**2 * own) ** 2 @ (1 / _freedom(rows))
        joint = np.where(below > 0, variance**2 / below, np.inf)
    sd = np.sqrt(variance)
    return sd, stats.t.ppf(0.975, np.maximum(joint, 1.0)) * sd


def _covariance(rows: pd.DataFrame) -> np.ndarray:
    """Covariance of the rates of one jar."""
    sd, shared = rows["sd"].where(np.isfinite(rows["sd"])).to_numpy(float), rows["sd_shared"].to_numpy(float)
    if np.isnan(shared).any():
        replicates = replicate_errors(rows)
        return np.diag(replicates**2) if (rows["method"] == STEP).any() else np.outer(replicates, replicates)
    beside = np.nan_to_num(rows["covariance_before"].to_numpy(float))[1:]
    # What errors of a scale do to a rate that is negative goes the other way.
    common = np.where(_first_told(rows).to_numpy(float) < 0, -shared, shared)
    return np.diag(sd**2 - shared**2) + np.diag(beside, 1) + np.diag(beside, -1) + np.outer(common, common)


def _first_told(rows: pd.DataFrame) -> pd.Series:
    """Rates in the first basis that is filled, which `sd` is in the unit of."""
    return next((rows[of] for of in _OF if rows[of].notna().any()), rows["respiration"])


_FREEDOMS = np.r_[np.arange(1, 30), 30 * 1.1 ** np.arange(60), np.inf]
_QUANTILES = stats.t.ppf(0.975, _FREEDOMS)


def _freedom(rows: pd.DataFrame) -> np.ndarray:
    """Degrees of freedom that the interval of each rate was made with."""
    with np.errstate(invalid="ignore", divide="ignore"):
        quantile = ((rows["upper"] - rows["lower"]) / 2 / rows["sd"]).fillna(_QUANTILES[-1]).to_numpy(float)
    return 1 / np.interp(quantile, _QUANTILES[::-1], 1 / _FREEDOMS[::-1])
