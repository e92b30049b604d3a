"""Results to text, unified diff, Markdown and JSON.

Returns text and prints nothing; colour is a function that is passed in.
"""
