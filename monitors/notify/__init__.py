"""Who is told of what, when, in which words, and how it gets there."""
