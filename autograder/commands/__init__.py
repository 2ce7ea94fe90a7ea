"""The functions behind the autograder command, one module a role."""
