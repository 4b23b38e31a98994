"""Reports: put what studies measured into words, tables, pages and figures."""
