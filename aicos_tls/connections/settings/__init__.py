"""Configuration of frameworks: which files of it count in a container, and what they say that the program asks.

`formats` makes settings of YAML, properties, JSON, TOML, ini, HOCON and `.env`; `families` knows the files of each
framework and how the environment goes before them; `asked` finds addresses in settings.
"""
