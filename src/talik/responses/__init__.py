"""How decay responds to temperature: every form, in one mapping."""

from talik.responses.forms import RESPONSES, Response, van_t_hoff

__all__ = ["RESPONSES", "Response", "van_t_hoff"]
