"""What was measured, as the tables that every source is read to."""

from dataclasses import dataclass, field, replace
from functools import partial

import pandas as pd

from talik.tables import empty, typed


@dataclass(frozen=True)
class Measurements:
    """Sites, samples, jars and their respiration, from whatever source."""

    studies: pd.DataFrame
    """Table ``studies``."""
    sites: pd.DataFrame
    """Table ``sites``."""
    samples: pd.DataFrame
    """Table ``samples``."""
    properties: pd.DataFrame
    """Table ``properties``."""
    jars: pd.DataFrame
    """Table ``jars``."""
    respiration: pd.DataFrame
    """Table ``respiration``."""
    problems: pd.DataFrame
    """What was found while reading and checking, as in ``talik.problems``."""
    readings: pd.DataFrame = field(default_factory=partial(empty, "readings"))
    """Table ``readings``, where the gas of jars was read."""
    cabinets: pd.DataFrame = field(default_factory=partial(empty, "cabinets"))
    """Table ``cabinets``, where there is a log of their temperature."""

    def with_problems(self, problems: pd.DataFrame) -> "Measurements":
        """The same measurements with other problems."""
        return replace(self, problems=problems)


def both_bases(respiration: pd.DataFrame, jars: pd.DataFrame) -> pd.DataFrame:
    r"""Respiration per dry soil and per soil carbon side by side, where the carbon content is known.

    .. math:: r = r_C \, c_{org} = r_{OM} \, c_{om}

    with r in µg C per g soil and day, r_C in mg C per g soil carbon and day, c_org in mg per g; and so for organic
    matter.

    Parameters
    ----------
    respiration, jars : DataFrame
        The tables of these names.

    Returns
    -------
    DataFrame
        The table ``respiration``, with the other basis filled in.
    """
    of_jar = jars.set_index("jar")
    carbon = respiration["jar"].map(of_jar["organic_carbon"])
    believed = respiration["jar"].map(of_jar["basis"]).isin(["dry soil", "soil carbon"])
    carbon = carbon.where(believed & (carbon > 0))
    matter = respiration["jar"].map(of_jar["organic_matter"]).where(believed)
    soil = respiration["respiration"].fillna(respiration["specific_respiration"] * carbon)
    return respiration.assign(
        respiration=soil,
        specific_respiration=respiration["specific_respiration"].fillna(soil / carbon),
        organic_matter_respiration=respiration["organic_matter_respiration"].fillna(soil / matter.where(matter > 0)),
    )


def joined(parts: list[Measurements]) -> Measurements:
    """Measurements of several studies as one."""
    from talik.problems import merged

    tables = {
        name: typed(name, pd.concat([getattr(part, name) for part in parts])) if parts else empty(name)
        for name in ("studies", "sites", "samples", "properties", "jars", "respiration", "readings", "cabinets")
    }
    return Measurements(**tables, problems=merged(*(part.problems for part in parts)))
