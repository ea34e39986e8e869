"""What is said of a slip in a content file: in words of content, and not in Python's."""

from loadstone.mistakes.arguments import check_fields, checked, shown, wrong_declaration
from loadstone.mistakes.hints import EXPRESSIONS, UNKNOWN_YET
from loadstone.mistakes.words import in_words

__all__ = [
    "EXPRESSIONS",
    "UNKNOWN_YET",
    "check_fields",
    "checked",
    "in_words",
    "shown",
    "wrong_declaration",
]
