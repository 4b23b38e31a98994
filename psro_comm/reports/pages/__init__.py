"""Pages: reports as HTML, each whole in one file that loads nothing."""
