"""Encrypt every connection between the containers of a compose stack, reviewably and reversibly."""

__version__ = "0.1.0"
