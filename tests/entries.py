"""Synthetic SIDb entries, written by hand with the quirks that a test asks for."""

import yaml

TIMES = (1, 7, 21, 60)


def entry(
    folder,
    *,
    variables=None,
    rows=None,
    site=None,
    info=None,
    initial="site,carbonMean,carbonUnits\nPlot,40,mg/gSoil\n",
):
    """Write an entry with two temperatures of one soil, changed as asked."""
    folder.mkdir(exist_ok=True)
    metadata = {
        "citationKey": folder.name, "doi": "10.0/synthetic", "study": "SYNTHETIC entry of a test",
        "siteInfo": {"site": "Plot", "coordinates": {"latitude": 68.6, "longitude": -149.6}, "country": "USA",
                     "permafrost": {"permafrostExist": True, "activeLayer": 0.5}} | (site or {}),
        "incubationInfo": {"incDesc": "synthetic", "depthInfo": {"top": 10, "bottom": 20}, "incubationTime": 60} | (info or {}),
        "variables": {"V1": {"name": "time", "units": "d"}} | {
            f"V{i + 2}": v for i, v in enumerate(variables or series(5, 15))
        },
    }  # fmt: skip
    names = [v["name"] for v in metadata["variables"].values()]
    rows = rows or [[t, *(10.0 * 2 ** (i + 0) / (1 + t / 30) for i in range(len(names) - 1))] for t in TIMES]
    (folder / "metadata.yaml").write_text(yaml.safe_dump(metadata, allow_unicode=True), encoding="utf-8")
    lines = [",".join(names), *(",".join("" if v is None else str(v) for v in row) for row in rows)]
    (folder / "timeSeries.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "initConditions.csv").write_text(initial, encoding="utf-8")
    return folder


def series(*temperatures, unit="microgC/gSoil/d", **fields):
    return [
        {
            "name": f"CO2_plot_{t}",
            "varDesc": f"respiration rate at {t} degrees",
            "temperature": t,
            "units": unit,
            "site": "Plot",
        }
        | fields
        for t in temperatures
    ]
