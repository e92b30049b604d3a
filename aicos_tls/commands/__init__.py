"""One file for each verb. A command returns a result as data, prints nothing and decides no exit code."""
