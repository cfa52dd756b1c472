"""``python -m carbite_course``, the same as ``carbite-course``."""

from carbite_course.cli import main

main()
