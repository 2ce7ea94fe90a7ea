"""Programs that are explored: a submission that is judged, a file of one's own."""
