"""A small study, made up: six soils of a transect at three temperatures, one study at a single one."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from talik.flux import release
from talik.problems import problem, problems_table
from talik.result import StudyResult
from talik.tables import empty, typed
from talik.temperature import compare_layers, flux_sensitivity, outcomes, q10

DAYS = np.array([2.0, 7.0, 14.0, 28.0, 56.0])
ODD_NAME = 'Lena & <Aldan> "$x_1$" 2003'


def survey():
    studies = pd.DataFrame(
        {
            "study": ["Transect1999", ODD_NAME],
            "title": ["Made-up soils of a transect", "Made-up soils at one temperature"],
            "doi": ["10.5555/12345678", ""],
            "licence": "CC0",
            "source": ["SIDb", "tables"],
            "note": ["", "temperature of the room, not of the jars"],
        }
    )
    places = [f"T{i}" for i in range(6)]
    sites = pd.DataFrame(
        {
            "study": ["Transect1999"] * 6 + [ODD_NAME],
            "site": [*places, "Lena"],
            "latitude": [68.6, 66.0, 64.8, 52.0, 37.5, -77.6, np.nan],
            "longitude": [-149.6, 20.9, -147.8, 21.0, 101.3, 163.2, np.nan],
            "mean_annual_temperature": [-9.0, 0.6, -3.0, 7.0, -1.7, np.nan, np.nan],
            "permafrost": ["yes", "", "yes", "no", "yes", "yes", ""],
        }
    )
    samples = pd.DataFrame(
        {
            "study": sites["study"],
            "sample": [*(f"{place} 10 cm" for place in places), "Lena 10 cm"],
            "site": sites["site"],
            "core": "",
            "layer": ["active", "", "active", "", "", "active", ""],
        }
    )
    return {
        "studies": typed("studies", studies),
        "sites": typed("sites", sites),
        "samples": typed("samples", samples),
        "properties": empty("properties"),
    }


def jars_and_rates(samples):
    jars, rates = [], []
    for number, soil in enumerate(samples.itertuples()):
        temperatures = (5.0, 15.0, 25.0) if soil.study == "Transect1999" else (20.0,)
        for temperature in temperatures:
            jar = f"{soil.sample} at {temperature:g}"
            k = 2e-3 * (1.6 + 0.3 * number) ** ((temperature - 15) / 10)
            rate = 1000 * k * np.exp(-k * DAYS) * (1 + 0.03 * np.cos(DAYS + temperature))
            keys = {"study": soil.study, "jar": jar}
            jars.append(
                keys
                | {
                    "sample": soil.sample, "set": soil.sample, "temperature": temperature, "basis": "soil carbon",
                    "measures": "respiration", "organic_carbon": 50.0 + 20 * number, "replicates": 3.0,
                    "scale": "impossible" if number == 5 else "",
                }
            )  # fmt: skip
            rates += [
                keys | {"time": day, "temperature": temperature, "gas": "co2", "specific_respiration": one, "n": 3.0}
                for day, one in zip(DAYS, rate, strict=True)
            ]
    return typed("jars", pd.DataFrame(jars)), typed("respiration", pd.DataFrame(rates))


def found_problems():
    return problems_table(
        [
            problem("negative-rate", stage="flux", entry="Transect1999", column="jar 3", found="-0.8 at day 14"),
            problem("temperature-missing", stage="incubation", entry=ODD_NAME, column="<b>jar</b>", found="nothing"),
            problem(
                "correction-applied", stage="survey", entry="Transect1999", column="T3", where="longitude",
                found="-21.0", needed="21.0", done="corrected: a sign was lost (country in the entry)",
            ),
        ]
    )  # fmt: skip


@pytest.fixture(scope="session")
def study():
    tables = survey()
    jars, respiration = jars_and_rates(tables["samples"])
    released = release(respiration)
    estimates = q10(respiration, jars, release=released)
    return StudyResult(
        title="A transect & its soils",
        settings={"study": {"seed": 7}, "source": {"corrections": True}, "temperature": {"headline": "equal-carbon"}},
        version="0.0.test",
        survey=tables,
        incubation={"jars": jars, "respiration": respiration},
        flux={"release": released},
        pools={"pools": empty("pools")},
        temperature={
            "q10": estimates,
            "layers": compare_layers(estimates, tables["samples"]),
            "sensitivity": flux_sensitivity(estimates, released, jars),
            "outcomes": outcomes(tables["studies"], jars, estimates),
        },
        problems=found_problems(),
    )  # fmt: skip


@pytest.fixture(scope="session")
def nothing():
    return StudyResult(
        title="Nothing yet", settings={}, version="0.0.test", survey={}, incubation={}, flux={}, pools={},
        temperature={},
    )  # fmt: skip


@pytest.fixture(scope="session")
def one_temperature(study):
    """The study at a single temperature alone: no coordinates, no Q10."""
    only = {
        stage: {
            name: frame[frame["study"] == ODD_NAME] if "study" in frame else frame.iloc[:0]
            for name, frame in getattr(study, stage).items()
        }
        for stage in ("survey", "incubation", "flux", "temperature")
    }
    return replace(study, **only, problems=study.problems.iloc[:0])
