"""The search over schedules: which runs are made, and what comes of them."""
