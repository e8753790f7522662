"""Calls and imports in templates, without what Jinja asks of each: a page makes two hundred calls and six imports.

Jinja looks at every callable four times for what it wants passed. Macros and functions, which are nearly all that
templates call, are recognised by their type here; everything else goes Jinja's own way. Of an imported file it looks
for globals that only the importing template has; all of ours share those of the environment.
"""

from __future__ import annotations

from types import FunctionType, MethodType
from typing import Any

from flask import Flask
from jinja2 import Template
from jinja2.environment import TemplateModule
from jinja2.runtime import Context, Macro

PASSED = "jinja_pass_arg"  # set by Jinja's decorators on functions that want the context, or a part of it
EVAL_CONTEXT = getattr(Macro.__call__, PASSED)


class PageContext(Context):
    """The variables of a template, and how it calls."""

    def call(self, called: Any, *words: Any, **named: Any) -> Any:  # type: ignore[override]
        """Call a macro or function with the arguments of the template."""
        kind = type(called)
        if kind is Macro:
            passed = EVAL_CONTEXT
        elif kind is FunctionType:
            passed = called.__dict__.get(PASSED)
        else:
            passed = getattr(called.__func__, PASSED, None) if kind is MethodType else kind
        if passed is EVAL_CONTEXT:
            words = (self.eval_ctx, *words)
        elif passed is not None:
            return super().call(called, *words, **named)
        named.pop("_block_vars", None)
        named.pop("_loop_vars", None)
        return called(*words, **named)


class PageTemplate(Template):
    """A template whose macros are made once for a process, and not for each page that imports them."""

    def _get_default_module(self, ctx: Context | None = None) -> TemplateModule:
        return super()._get_default_module()


def init_app(app: Flask) -> None:
    """Use both for all templates of the application."""
    app.jinja_env.context_class = PageContext
    app.jinja_env.template_class = PageTemplate
