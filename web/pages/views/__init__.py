"""The pages themselves, a module for each place of the navigation."""
