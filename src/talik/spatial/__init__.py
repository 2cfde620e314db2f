"""Places: how alike neighbours are, what that does to an effect, and how to validate in spite of it."""
