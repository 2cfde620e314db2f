"""How decay responds to temperature: every form, in one mapping."""

from talik.responses.convert import equivalent
from talik.responses.fit import ResponseFit, compare_responses, fit_response
from talik.responses.forms import RESPONSES
from talik.responses.frozen import liquid_water, with_frozen_q10, with_liquid_water
from talik.responses.response import Parameter, Response
from talik.responses.sensitivity import local_q10, q10_between
from talik.responses.soil import van_t_hoff

__all__ = [
    "RESPONSES",
    "Parameter",
    "Response",
    "ResponseFit",
    "compare_responses",
    "equivalent",
    "fit_response",
    "liquid_water",
    "local_q10",
    "q10_between",
    "van_t_hoff",
    "with_frozen_q10",
    "with_liquid_water",
]
