"""``autograder``, the command: nothing is imported from where one stands."""

from autograder.isolated import forget_working_directory

forget_working_directory()  # before anything else is imported

from autograder.cli import main  # noqa: E402

if __name__ == "__main__":
    main()
