"""Application sources: what is built, how it starts, what it asks. Reads files of the project, never writes."""
