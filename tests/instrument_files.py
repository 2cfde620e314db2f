"""Instrument files made for the tests, small and whole."""

import numpy as np

PICARRO = (
    "DATE", "TIME", "FRAC_DAYS_SINCE_JAN1", "EPOCH_TIME", "ALARM_STATUS", "species", "MPVPosition", "CH4", "CH4_dry",
    "CO2", "CO2_dry", "H2O", "h2o_reported",
)  # fmt: skip
START = 1441041520.949  # 2015-08-31 17:18:40.949 UTC


def picarro(n=30, *, without=(), port=None, step=1.0, start=START) -> bytes:
    """A DataLog_User table of `n` lines: two ports, the valve turning in between."""
    time = start + step * np.arange(n)
    port = np.where(np.arange(n) < n // 2, 6.0, 16.0) if port is None else np.asarray(port, float)
    if n > 4:
        port[n // 2] = 11.5
    lines = ["".join(name.ljust(26) for name in PICARRO if name not in without)]
    for i in range(n):
        stamp = np.datetime64(round(time[i] * 1e3), "ms").astype(str)
        h = 2.0
        co2, ch4 = 480.0 + i // 3, 2.0
        values = {
            "DATE": stamp[:10], "TIME": stamp[11:], "FRAC_DAYS_SINCE_JAN1": "242.38797395", "EPOCH_TIME": f"{time[i]:.3f}",
            "ALARM_STATUS": "0", "species": f"{1 + i % 3:.10E}", "MPVPosition": f"{port[i]:.10E}",
            "CH4": f"{ch4 * (1 - 0.00982 * h - 2.393e-4 * h**2):.10E}", "CH4_dry": f"{ch4:.10E}",
            "CO2": f"{co2 * (1 - 0.012 * h - 2.674e-4 * h**2):.10E}", "CO2_dry": f"{co2:.10E}",
            "H2O": f"{0.772 * h + 0.019493 * h**2:.10E}", "h2o_reported": f"{h:.10E}",
        }  # fmt: skip
        lines.append("".join(value.ljust(26) for name, value in values.items() if name not in without))
    return ("\r\n".join(lines) + "\r\n").encode()


def licor(n=20, *, timezone="Europe/Copenhagen", without=(), units=None) -> bytes:
    """A file of a LI-7810 of `n` readings from 2022-12-05 07:56:58 UTC."""
    units = {"CO2": "ppm", "CH4": "ppb", "H2O": "ppm"} | (units or {})
    names = [
        ("DATAH", "DATAU"), ("SECONDS", "secs"), ("NANOSECONDS", "nsecs"), ("NDX", "index"), ("DIAG", "diag"),
        ("REMARK", ""), ("DATE", "date"), ("TIME", "time"), ("H2O", units["H2O"]), ("CO2", units["CO2"]),
        ("CH4", units["CH4"]), ("CAVITY_P", "kPa"), ("CAVITY_T", "°C"), ("CHK", "CHK"),
    ]  # fmt: skip
    names = [pair for pair in names if pair[0] not in without]
    lines = ["Model:\tLI-7810", "SN:\tTG10-00001", "Software Version:\t2.3.3", "Timestamp:\t2022-12-05 08:00:00"]
    lines += [f"Timezone:\t{timezone}"] if timezone else []
    lines += ["\t".join(name for name, _ in names), "\t".join(unit for _, unit in names)]
    for i in range(n):
        local = np.datetime64("2022-12-05T08:56:58") + i
        values = {
            "DATAH": "DATA", "SECONDS": str(1670227018 + i), "NANOSECONDS": "500000000", "NDX": str(349 + 4 * i), "DIAG": "16",
            "REMARK": '""', "DATE": str(local)[:10], "TIME": str(local)[11:], "H2O": "5755.6572", "CO2": f"{520 + i}",
            "CH4": "2094.7051", "CAVITY_P": "39.7994", "CAVITY_T": "54.9282", "CHK": " 59",
        }  # fmt: skip
        lines.append("\t".join(values[name] for name, _ in names))
    return ("\n".join(lines) + "\n").encode()


def peaks(*, delimiter=",", scatter=0.0, seed=0, unit="ppm", offset="+08:00") -> bytes:
    """A chromatograph's table: brackets of standards around six samples, two blanks, response falling by 10 %."""
    rng = np.random.default_rng(seed)
    standards = [("std", "standard", x) for x in (400.0, 1000.0, 5000.0, 10000.0)]
    samples = [(f"vial {i}", "sample", 800.0 * i) for i in range(1, 7)]
    rows = [("N2", "blank", 0.0), *standards, *samples, *standards, ("N2", "blank", 0.0)]
    lines = [delimiter.join(["sample", "type", "injection time", "gas", "retention [min]", "area", f"known [{unit}]"])]
    for i, (name, kind, x) in enumerate(rows):
        minute = np.datetime64("2024-05-31T08:00") + 5 * i
        # The response is steady within each bracket and falls between them.
        response = 2.0 * np.interp(i, [2.5, 12.5], [1.0, 0.9]) if kind == "sample" else 2.0 * (1.0 if i < 6 else 0.9)
        area = (50.0 if kind != "blank" else 1.0) * (kind != "blank") + response * x
        area *= 1 + scatter * rng.normal()
        known = f"{x:g}" if kind == "standard" else ""
        cells = [name, kind, f"{str(minute).replace('T', ' ')}{offset}", "CO2", "3.2", f"{area:.6f}", known]
        lines.append(
            delimiter.join(
                cell.replace(".", ",") if delimiter == ";" and place > 3 else cell for place, cell in enumerate(cells)
            )
        )
    return ("\n".join(lines) + "\n").encode()
