"""Instrument files: what gas analysers and chromatographs write, recognised by its content and read to recordings."""

from talik.incubation.instruments.calibration import Calibration, calibrate
from talik.incubation.instruments.recognise import read_readings, read_recordings
from talik.incubation.instruments.recording import Recording
from talik.incubation.instruments.vials import vial_readings
from talik.incubation.instruments.visits import find_visits, match_ports, visit_readings

__all__ = [
    "Calibration",
    "Recording",
    "calibrate",
    "find_visits",
    "match_ports",
    "read_readings",
    "read_recordings",
    "vial_readings",
    "visit_readings",
]
