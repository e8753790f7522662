"""Documents: what is invoiced, with which VAT, under which number; taking it back. app/documents makes the files."""
