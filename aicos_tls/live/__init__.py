"""A running stack, looked at from outside: its containers, what they serve, and what crosses their networks.

Reads only. Nothing is installed into a container, and none of the project is stopped, started or changed. What is found
becomes `Check`s (see `model`); only `commands` joins them with the plan.
"""
