"""Stand in for Amazon Rekognition Custom Labels: the same requests, answers and life cycle, offline.

`service.Rekognition` answers in process; `python -m local.rekognition --port 4600` serves any SDK over HTTP.
`control` and the files that it names say how to set faults and quotas, read the meter, keep the state, reset.
Models really learn from the images of their manifests and really look at the images that are sent.
"""
