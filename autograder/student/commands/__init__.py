"""The commands of a students' copy."""
