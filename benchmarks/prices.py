"""What AWS asks in us-east-1, in dollars, without free tiers. Second-hand unless said: verify before quoting.

Read in price overviews of third parties of 2024 to 2026, the newest of September 2026; Lambda's also in AWS's own price
list of August 2026 (us-west-2, where it is the same).
"""

from typing import Final

LAMBDA_REQUEST: Final = 0.20e-6
LAMBDA_GB_SECOND_ARM: Final = 0.0000133334
LAMBDA_GB_SECOND_X86: Final = 0.0000166667
SQS_REQUEST: Final = 0.40e-6  # of a standard queue; each 64 KB
SNS_PUBLISH: Final = 0.50e-6  # each 64 KB; deliveries to SQS and Lambda are free
DYNAMODB_WRITE_UNIT: Final = 0.625e-6  # on demand
DYNAMODB_READ_UNIT: Final = 0.125e-6
S3_GET: Final = 0.40e-6
S3_PUT: Final = 5.0e-6
EVENTBRIDGE_EVENT: Final = 1.00e-6  # S3's own events: sources disagree, some say they are free
LOG_BYTE: Final = 0.50e-9
STATE_TRANSITION: Final = 25e-6  # of a standard workflow; from a stored copy of AWS's own page
INFERENCE_UNIT_HOUR: Final = 4.00
