"""Composition root: cdk.json's settings in, stacks out. Calls no AWS."""

import sys

from aws_cdk import App, Validations
from cdk_nag import AwsSolutionsChecks

from lambdas.setting_checks import SettingsError
from stacks.deployment import make_stacks, read_deployment


def build(app: App) -> None:
    """Make the stacks of the deployment that the app's context chooses, under the rules of AwsSolutions."""
    make_stacks(app, read_deployment(app.node))
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))


if __name__ == "__main__":
    app = App()
    try:
        build(app)
    except SettingsError as error:
        sys.exit(f"cdk.json: {error}")
    app.synth()
