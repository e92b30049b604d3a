"""What is wrong with an enabled project, as far as its files tell: nothing has to run, nothing is written.

The guide's chapter Troubleshooting, and what people stumbled over besides. Each module holds one group of checks; a
check is a plain function from `Facts` to `Finding`s, whose kinds stand in the table of `model`.
"""
