"""The names that exercises import of the instruments in `autograder.student.lab`."""
