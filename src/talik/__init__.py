"""talik: permafrost carbon from soil incubation to climate feedback.

The public names, in the order that data meet them. Each is loaded when it is first used, so
that importing talik, and ``talik --help``, cost nothing.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOME = {
    "read_sidb": "talik.incubation.sidb",
    "write_sidb": "talik.incubation.sidb",
    "read_israd": "talik.incubation.israd",
    "read_essdive": "talik.essdive",
    "write_essdive": "talik.essdive",
    "ChamberFluxes": "talik.essdive",
    "read_tables": "talik.incubation.lab_tables",
    "read_readings": "talik.incubation.instruments",
    "read_recordings": "talik.incubation.instruments",
    "Recording": "talik.incubation.instruments",
    "find_visits": "talik.incubation.instruments",
    "match_ports": "talik.incubation.instruments",
    "visit_readings": "talik.incubation.instruments",
    "vial_readings": "talik.incubation.instruments",
    "Calibration": "talik.incubation.instruments",
    "calibrate": "talik.incubation.instruments",
    "NO_CORRECTIONS": "talik.incubation.sidb",
    "reviewed_corrections": "talik.incubation.sidb",
    "Measurements": "talik.incubation.measurements",
    "permafrost": "talik.survey",
    "layer": "talik.survey",
    "carbon_in_headspace": "talik.flux",
    "carbon_dissolved": "talik.flux",
    "headspace_volume": "talik.flux",
    "carbon_budget": "talik.flux",
    "respiration": "talik.flux",
    "check_readings": "talik.flux",
    "release": "talik.flux",
    "release_covariance": "talik.flux",
    "RESPONSES": "talik.responses",
    "with_liquid_water": "talik.responses",
    "with_frozen_q10": "talik.responses",
    "fit_response": "talik.responses",
    "ResponseFit": "talik.responses",
    "compare_responses": "talik.responses",
    "local_q10": "talik.responses",
    "q10_between": "talik.responses",
    "equivalent": "talik.responses",
    "plot_responses": "talik.responses.figures",
    "plot_ten_degree_q10": "talik.responses.figures",
    "fit_pools": "talik.pools",
    "fit_hierarchical": "talik.pools.hierarchical",
    "HierarchicalFit": "talik.pools.hierarchical",
    "read_draws": "talik.inference.draws",
    "write_draws": "talik.inference.draws",
    "q10": "talik.temperature",
    "q10_drift": "talik.temperature",
    "activation_energy": "talik.temperature",
    "one_soil": "talik.temperature",
    "most_telling_set": "talik.temperature",
    "what_separates": "talik.temperature",
    "lay_out_one_soil": "talik.temperature",
    "compare_layers": "talik.temperature",
    "layers_in_words": "talik.temperature",
    "flux_sensitivity": "talik.temperature",
    "gather_q10": "talik.drivers",
    "gather_release": "talik.drivers",
    "driver_table": "talik.drivers",
    "DriverTable": "talik.drivers",
    "attribute": "talik.drivers",
    "Effort": "talik.drivers",
    "Attribution": "talik.drivers",
    "write_attribution": "talik.drivers",
    "transect_table": "talik.drivers",
    "TransectDesign": "talik.drivers",
    "add_to_library": "talik.library",
    "list_library": "talik.library",
    "check_library": "talik.library",
    "read_library": "talik.library",
    "query_library": "talik.library",
    "filter_library": "talik.library",
    "library_q10": "talik.library",
    "run_study": "talik.study",
    "read_result": "talik.study",
    "StudyResult": "talik.result",
    "report_html": "talik.report",
    "TalikError": "talik.errors",
}

__all__ = ["__version__", *_HOME]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"talik has no {name!r}; it has {', '.join(_HOME)}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
