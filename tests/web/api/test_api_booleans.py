"""Whether something is asked for is said by true or false, in every body: no number or text counts as either."""

from __future__ import annotations

from typing import get_args

import pytest
from pydantic import ValidationError

from app.api.endpoints import ENDPOINTS


def said():
    """Each body of the API with the fields that are true or false."""
    return [
        (endpoint.body, name)
        for endpoint in ENDPOINTS
        if endpoint.body is not None
        for name, field in endpoint.body.model_fields.items()
        if field.annotation is bool or bool in get_args(field.annotation)
    ]


def is_refused(model, name, value):
    with pytest.raises(ValidationError) as refusal:
        model.model_validate({name: value})
    return (name,) in {error["loc"][:1] for error in refusal.value.errors() if error["type"] != "missing"}


def test_no_number_and_no_text_counts_as_true_or_false(app):
    values = ("no", 1, 0.0)
    lax = [(model.__name__, name) for model, name in said() for value in values if not is_refused(model, name, value)]

    assert "is_automatic" in {name for _model, name in said()}
    assert lax == []
