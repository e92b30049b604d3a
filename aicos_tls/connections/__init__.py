"""Who asks whom: every connection of a stack from every kind of evidence, and its state after a run.

`model` has the shapes, `evidence/` one reader for each kind of text, `inventory` puts together what they find, `state`
says what is encrypted and what is not. Nothing here changes a file.
"""
