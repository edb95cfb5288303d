"""Thirty days of the governor in half a minute: its `decide` on a simulated clock and service, against the optimum."""
