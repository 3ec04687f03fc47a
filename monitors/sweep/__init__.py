"""The sweep: everything that can be asked is asked, and every phone of a site is judged by it."""
