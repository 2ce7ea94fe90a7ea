"""What the hidden tests of lesson 00 share."""

STEP = ("Chapter, step 1.", "Chapter, step 2.", "Chapter, step 3.")
