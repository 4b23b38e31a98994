"""Reports of teams that were made robust: words, and the page of all of them."""
