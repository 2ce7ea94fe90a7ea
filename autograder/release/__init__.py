"""What a release to students is made of, and how one is refreshed in place."""
