"""Stand in for AWS on this machine."""
