"""Laws of what is uploaded: the functions' code and the layer."""

import hashlib
from pathlib import Path

import pytest

from lambdas.deployment_settings import load_settings, parse_deployment
from stacks.parts.functions_code import code_hash
from stacks.parts.wheels import LayerError, fetch, install, layer_hash
from tests.infrastructure.assembly import synthesized


@pytest.fixture(scope="module")
def bundled(tmp_path_factory):
    """The demo, with its assets made as `cdk deploy` makes them."""
    return synthesized(tmp_path_factory.mktemp("bundled"), "demo", **{"aws:cdk:bundling-stacks": ["**"]})


@pytest.fixture(scope="module")
def code(bundled):
    (folder,) = [asset for asset in bundled.folder.glob("asset.*") if (asset / "lambdas").is_dir()]
    return folder


@pytest.fixture(scope="module")
def layer(bundled):
    (folder,) = [asset for asset in bundled.folder.glob("asset.*") if (asset / "python").is_dir()]
    return folder


def content(folder: Path) -> dict[str, str]:
    return {
        file.relative_to(folder).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in folder.rglob("*")
        if file.is_file()
    }


def test_the_code_is_the_package_and_the_settings_and_nothing_else(code):
    names = set(content(code))
    assert {"lambdas/detect_labels/handler.py", "lambdas/settings.json", "lambdas/names.py"} <= names
    assert {Path(name).suffix for name in names} == {".py", ".json"}
    assert {name.split("/")[0] for name in names} == {"lambdas"}


def test_the_functions_can_read_the_settings_that_the_stacks_were_made_from(bundled, code):
    assert load_settings(code / "lambdas" / "settings.json") == parse_deployment("demo", bundled.said)


def keys(deployment) -> set[str]:
    """Return under which names a deployment's assets are uploaded."""
    found = {function.properties["Code"]["S3Key"] for function in deployment.all("AWS::Lambda::Function")}
    return found | {layer.properties["Content"]["S3Key"] for layer in deployment.all("AWS::Lambda::LayerVersion")}


def test_a_second_synthesis_uploads_nothing_new(bundled, tmp_path):
    assert len(keys(bundled)) == 2
    assert keys(synthesized(tmp_path, "demo")) == keys(bundled)


def test_the_same_lock_file_is_the_same_layer_to_the_byte(layer, tmp_path):
    install(tmp_path / "python", "arm64", fetch("arm64"))
    assert content(tmp_path) == content(layer)


def test_other_settings_are_other_code(bundled):
    said = bundled.said | {"retain_logs_days": 7}
    assert code_hash(parse_deployment("demo", said)) != code_hash(parse_deployment("demo", bundled.said))


def test_another_architecture_is_another_layer():
    assert layer_hash("arm64") != layer_hash("x86_64")


def test_the_layer_holds_wheels_for_the_functions_machine_and_python(layer):
    binaries = {file.name for file in layer.rglob("*.so")}
    assert binaries
    assert all("cpython-313-aarch64" in name for name in binaries)


def test_the_layer_says_what_is_in_it_but_not_who_installed_it(layer):
    names = {file.name for file in layer.rglob("*")}
    assert {"WHEEL", "METADATA"} <= names
    assert not names & {"RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "__pycache__", "bin"}


def test_missing_wheels_are_refused_in_pips_words(tmp_path):
    with pytest.raises(LayerError, match="for arm64"):
        install(tmp_path / "python", "arm64", wheels=tmp_path)
