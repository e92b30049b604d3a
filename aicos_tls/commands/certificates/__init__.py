"""What the `certs` commands do with certificates that are there: look, measure, revoke, back up, tidy up."""
