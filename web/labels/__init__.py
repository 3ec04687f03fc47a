"""Key sheets on paper: what is cut out, how it lies on pages, and the HTML and PDF of it."""
