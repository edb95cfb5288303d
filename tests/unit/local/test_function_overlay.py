"""What a function's interpreter sees: run in an interpreter of its own, as the local cloud does."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import local.serve


def seen(folder: Path, expression: str, **environment: str) -> Any:
    """Evaluate an expression in an interpreter started as a function's is and return its value."""
    code = "import sys, json; sys.path[:0] = " + repr([str(folder / "layer/python"), str(folder / "code")])
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nprint(json.dumps({expression}))"],
        env={"PYTHONPATH": str(local.serve.OVERLAY), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def layer(tmp_path: Path) -> Path:
    """Make a layer with a compiled pillow of another platform and a pure package, and an empty function."""
    packages = tmp_path / "layer" / "python"
    for name in ("PIL", "jmespath"):
        (packages / name).mkdir(parents=True)
        (packages / name / "__init__.py").write_text("FROM = 'layer'")
    distribution(packages, "pillow-13.0.0", pure=False)
    distribution(packages, "jmespath-1.1.0", pure=True)
    (tmp_path / "code").mkdir()
    return tmp_path


def distribution(folder: Path, name: str, *, pure: bool) -> None:
    (folder / f"{name}.dist-info").mkdir()
    (folder / f"{name}.dist-info" / "WHEEL").write_text(f"Wheel-Version: 1.0\nRoot-Is-Purelib: {str(pure).lower()}")


def as_function(folder: Path) -> dict[str, str]:
    return {"LAMBDA_TASK_ROOT": str(folder / "code"), "_LAMBDA_LAYERS_DIRS": str(folder / "layer")}


def test_a_compiled_package_of_the_layer_comes_from_the_host(layer: Path) -> None:
    core = seen(layer, "__import__('PIL.Image').Image.core.__file__", **as_function(layer))
    assert not core.startswith(str(layer))
    assert Path(core).is_file()


def test_a_compiled_package_that_puts_its_own_folder_on_the_path_is_found_there(layer: Path) -> None:
    packages = layer / "layer" / "python"
    distribution(packages, "opencv_python_headless-5.0.0.93", pure=False)
    distribution(packages, "numpy-2.4.6", pure=False)
    assert seen(layer, "bool(__import__('cv2').imencode)", **as_function(layer)) is True


def test_a_pure_package_comes_from_the_layer(layer: Path) -> None:
    assert seen(layer, "__import__('jmespath').FROM", **as_function(layer)) == "layer"


def test_boto3_is_there_and_other_packages_of_the_host_are_not(layer: Path) -> None:
    find = "[bool(__import__('importlib.util').util.find_spec(n)) for n in ('boto3', 'numpy', 'pytest')]"
    assert seen(layer, find, **as_function(layer)) == [True, False, False]


def test_a_compiled_package_that_the_host_lacks_is_refused_with_the_remedy(layer: Path) -> None:
    distribution(layer / "layer" / "python", "no_such_thing-1.0", pure=False)
    done = subprocess.run(
        [sys.executable, "-c", ""],
        env={"PYTHONPATH": str(local.serve.OVERLAY), **as_function(layer)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "pip install no_such_thing" in done.stderr


def test_other_interpreters_are_left_alone(layer: Path) -> None:
    assert seen(layer, "bool(__import__('importlib.util').util.find_spec('numpy'))")


def test_a_function_that_bundles_boto3_gets_its_own(layer: Path) -> None:
    (layer / "code" / "boto3").mkdir()
    (layer / "code" / "boto3" / "__init__.py").write_text("FROM = 'code'")
    assert seen(layer, "__import__('boto3').FROM", **as_function(layer)) == "code"


def test_an_import_is_tried_again_at_the_next_call(layer: Path) -> None:
    """Lambda initializes anew after a failed init; the entry keeps the process and imports again."""
    (layer / "code" / "shaky.py").write_text(
        "import os\nif not os.path.exists('ready'): raise ImportError('not yet')\ndef handle(e, c): return 'up'"
    )
    context = "type('C', (), {'aws_request_id': 'r'})()"
    calls = (
        f"[(e := __import__('lambda_entry')).handle({{}}, {context})[e.FAILURE]['errorType'], "
        f"__import__('os').chdir({str(layer)!r}) or e.handle({{}}, {context})]"
    )
    (layer / "ready").touch()
    environment = as_function(layer) | {"_HANDLER": "shaky.handle"}
    assert seen(layer, calls, **environment) == ["Runtime.ImportModuleError", "up"]
