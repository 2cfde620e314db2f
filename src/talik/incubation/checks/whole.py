"""Every rule that only the whole of the measurements can break."""

from dataclasses import replace

from talik.flux import release
from talik.incubation.checks.amounts import (
    improbable_values,
    negative_rates,
    poor_organic_horizons,
    respired_above_carbon,
    respired_much,
    with_scale,
    zero_spreads,
)
from talik.incubation.checks.batches import cabinets, jar_batches, reading_batches
from talik.incubation.checks.cabinet_logs import check_cabinet_logs
from talik.incubation.checks.curves import curves
from talik.incubation.checks.factors import constant_factors, series_twice
from talik.incubation.checks.keys import refuse_broken_keys
from talik.incubation.checks.labels import exchanged_jars, exchanged_midway
from talik.incubation.checks.outliers import deviating_jars, spikes
from talik.incubation.checks.signals import scales_apart, without_signal
from talik.incubation.checks.temperatures import (
    close_temperatures,
    one_temperature,
    settled,
    shared_temperatures,
    unequal_replicates,
    without_temperature,
)
from talik.incubation.measurements import Measurements
from talik.problems import merged, problems_table
from talik.survey import check_coordinates

RULES_OF_CURVES = (
    constant_factors,
    series_twice,
    deviating_jars,
    spikes,
    exchanged_jars,
    exchanged_midway,
    jar_batches,
    cabinets,
)
"""Rules that compare the jars of one study."""


def checked(measured: Measurements) -> Measurements:
    """Measurements with the problems that only the whole shows, and scales that are impossible marked.

    Raises
    ------
    TableError
        For keys that join to nothing or to two, samples in two layers, and depths upside down.
    """
    refuse_broken_keys(measured)
    measured, logged = settled(measured)
    released = release(measured.respiration)
    measured = replace(measured, jars=with_scale(measured, released))
    found = [
        *logged, *close_temperatures(measured), *zero_spreads(measured),
        *check_coordinates(measured.sites), *improbable_values(measured), *respired_above_carbon(measured, released),
        *respired_much(measured, released),
        *negative_rates(measured), *shared_temperatures(measured), *unequal_replicates(measured),
        *without_signal(measured, released),
        *poor_organic_horizons(measured), *scales_apart(measured), *one_temperature(measured),
        *without_temperature(measured),
    ]  # fmt: skip
    found += [
        told for of in curves(measured.jars, measured.respiration) for rule in RULES_OF_CURVES for told in rule(of)
    ]
    found += [
        *reading_batches(measured.jars, measured.respiration, measured.readings),
        *check_cabinet_logs(measured.jars, measured.respiration, measured.cabinets),
    ]
    return measured.with_problems(merged(measured.problems, problems_table(found)))
