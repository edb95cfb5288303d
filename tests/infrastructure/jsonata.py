"""Evaluates the workflows' JSONata, by the engine that the local cloud brings."""

import json
from typing import Any

from jsonata import Jsonata


def evaluated(expression: str, **variables: Any) -> Any:
    """Evaluate `{% ... %}` as Step Functions does: with variables, and with $parse, which JSONata itself lacks."""
    made = Jsonata.jsonata(expression.removeprefix("{%").removesuffix("%}").strip())
    made.register_lambda("parse", json.loads)
    return made.evaluate(None, variables)
