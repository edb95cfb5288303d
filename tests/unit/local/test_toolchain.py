import json
import subprocess

from local import toolchain


def test_the_cdk_command_line_is_the_one_that_the_lock_file_pins() -> None:
    tools = toolchain.install()
    pinned = json.loads((toolchain.CHECKOUT / "package.json").read_text())["devDependencies"]["aws-cdk"]
    done = subprocess.run(
        [tools.node, tools.cdk, "--version"],
        env=tools.environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith(pinned + " ")


def test_the_lock_file_names_no_registry() -> None:
    assert "resolved" not in (toolchain.CHECKOUT / "package-lock.json").read_text()


def test_node_is_the_first_one_on_the_path() -> None:
    tools = toolchain.find()
    assert tools.environment()["PATH"].startswith(f"{tools.node.parent}:")
