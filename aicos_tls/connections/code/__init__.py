"""Source code as a tree of texts, names and brackets, whatever the language, and what its expressions come to.

`grammars` says how each language writes texts and comments, `lexing` makes the tree, `expressions` puts texts together
as the program would, `calls` knows what asks for a host and a port. Nothing here knows a type or follows control flow.
"""
