"""Tells people on the operations topic what is wrong, and when it is not any more."""

import json
from typing import Any

from lambdas.govern_models.words import Clear, Raise


def tell(sns: Any, topic_arn: str, deployment: str, project: str, alarm: Raise | Clear) -> None:
    """Publish one alarm; `Status` is ALARM or OK."""
    status = "ALARM" if isinstance(alarm, Raise) else "OK"
    said = {
        "API": "GovernModels",
        "Status": status,
        "Alarm": alarm.alarm.value,
        "Project": project,
        "StatusMessage": alarm.says if isinstance(alarm, Raise) else f"{alarm.alarm} of {project} is over.",
    }
    sns.publish(
        TopicArn=topic_arn,
        Subject=f"{deployment}: {project} {alarm.alarm.value.lower().replace('_', ' ')} {status}"[:100],
        Message=json.dumps(said),
        MessageAttributes={
            name: {"DataType": "String", "StringValue": said[name]} for name in ("Status", "Alarm", "Project")
        },
    )
