"""Lists of rooms and phones, as people paste them from a spreadsheet: read and judged. Pure."""
