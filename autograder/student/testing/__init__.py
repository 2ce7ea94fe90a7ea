"""What tests run on: comparators, fixtures, the plugin, local submissions."""
