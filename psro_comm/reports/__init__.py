"""Reports: words, tables, pages and figures of what studies measured."""
