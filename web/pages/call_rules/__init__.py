"""The rules of calls on the pages: reading them, forms for them, and putting them back."""
