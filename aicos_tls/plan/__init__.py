"""What is to be done, as data: the policy of a run, what is in scope, who talks to whom, and the plan itself."""
