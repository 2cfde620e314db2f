"""Carbon released since the start: respiration added up over time, with its error."""

import numpy as np
import pandas as pd

from talik.tables import empty, typed

_OF = {"respiration": "release", "specific_respiration": "specific_release", "jar_respiration": "jar_release"}


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


def release(respiration: pd.DataFrame) -> pd.DataFrame:
    r"""Carbon released by each jar since the start of its incubation.

    Mean rates of intervals are added up; instantaneous rates are integrated by trapezoid, the
    first held back to day 0. A replicate that respires more than the others does so throughout,
    so the errors of its rates add up in full:

    .. math:: s(R_i) = \sum_j w_{ij} \, s_j / \sqrt{n_j}

    Steps of a cumulative curve carry only what the curve's own error grew by, so their squares add up.

    A missing interval is bridged at the mean of its neighbours' rates, as the column `filled`
    says.

    Parameters
    ----------
    respiration : DataFrame
        The table ``respiration``; its `sd` is that of the replicates.

    Returns
    -------
    DataFrame
        The table ``release``, with `sd` that of the mean.

    Examples
    --------
    >>> rates = pd.DataFrame({"jar": "a", "time": [1.0, 3.0], "temperature": 5.0, "respiration": [4.0, 2.0]})
    >>> list(release(rates)["release"])
    [4.0, 10.0]
    """
    rows = respiration.reindex(columns=[*dict.fromkeys([*respiration.columns, *_OF, *_NEEDED])])
    parts = [_of_jar(jar) for _, jar in rows.groupby(["jar", "gas"], sort=False, dropna=False)]
    return typed("release", pd.concat(parts)) if parts else empty("release")


STEP = "step of the curve"
"""Method of rates that are steps of a cumulative curve."""

_NEEDED = (
    "study",
    "jar",
    "gas",
    "time",
    "time_start",
    "time_end",
    "temperature",
    "sd",
    "n",
    "method",
    "doi",
    "licence",
)


def _of_jar(rows: pd.DataFrame) -> pd.DataFrame:
    rows = rows.sort_values("time", kind="stable")
    in_intervals = bool(rows["time_end"].notna().all())
    if in_intervals:
        rows, bridged = _without_gaps(rows)
        weights = interval_weights(rows["time_start"], rows["time_end"])
        times = rows["time_end"]
        filled = np.where(bridged, "gap bridged by the mean of its neighbours", "")
    else:
        weights = trapezoid_weights(rows["time"])
        times = rows["time"]
        filled = np.where(np.arange(len(rows)) == 0, "first rate held back to day 0" if times.iloc[0] > 0 else "", "")
    errors = rows["sd"].to_numpy(float) / np.sqrt(np.fmax(rows["n"].to_numpy(float), 1.0))
    steps = bool((rows["method"] == STEP).any())
    total = np.sqrt(weights**2 @ errors**2) if steps else weights @ errors
    released = {of: weights @ rows[rate].to_numpy(float) for rate, of in _OF.items()}
    return rows[["study", "jar", "gas", "temperature", "doi", "licence"]].assign(
        time=times.to_numpy(float), **released, sd=total, filled=filled
    )


def _without_gaps(rows: pd.DataFrame) -> tuple[pd.DataFrame, np.ndarray]:
    """Intervals with an interval put into each gap, and which ones those are."""
    start, end = rows["time_start"].to_numpy(float), rows["time_end"].to_numpy(float)
    gaps = np.flatnonzero(start[1:] - end[:-1] > 1e-9)
    if not gaps.size:
        return rows, np.zeros(len(rows), bool)
    before, after = rows.iloc[gaps], rows.iloc[gaps + 1]
    bridges = before.assign(
        time_start=end[gaps], time_end=start[gaps + 1], sd=np.nan,
        **{rate: 0.5 * (before[rate].to_numpy() + after[rate].to_numpy()) for rate in _OF},
    )  # fmt: skip
    joined = pd.concat([rows.assign(bridged=False), bridges.assign(bridged=True)]).sort_values(
        "time_start", kind="stable"
    )
    return joined.drop(columns="bridged"), joined["bridged"].to_numpy(bool)
